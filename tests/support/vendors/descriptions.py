"""Where the descriptions are that vendors publish of their APIs: fetched by `make test`, or beside the project."""

from pathlib import Path

from local.settings import ROOT
from local.tools.fetch_descriptions import FOLDER


def description_file(name: str) -> Path:
    """It may be missing: its tests are skipped then."""
    fetched = FOLDER / name
    return fetched if fetched.is_file() else ROOT.parent / "shared" / "specs" / name
