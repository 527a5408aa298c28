"""One report for the quarterly review: `make audit`. docs/contributing.md says how to read it.

The database is that of a running `make up`, or the one that AUDIT_DATABASE_URL leads to.
Exits with 1 where something has to be fixed, and with 2 where something could not be checked.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from local.console import complain
from local.settings import HOST, ROOT, Settings, SettingsError, read_settings
from ops.audit import database, dependencies, repository
from ops.audit.report import Section, exit_status, render

PARTS = ("database", "dependencies", "repository")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ops.audit", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="some parts of it")
    parser.add_argument("--out", type=Path, help="also write it to this file")
    parser.add_argument("--folder", type=Path, default=ROOT, help="the repository that is read")
    chosen = parser.parse_args()
    try:
        url = database_url(read_settings())
    except SettingsError as error:
        complain(error)
        return 1
    parts: dict[str, Callable[[], list[Section]]] = {
        "database": lambda: database.sections(url),
        "dependencies": dependencies.sections,
        "repository": lambda: repository.sections(chosen.folder.resolve()),
    }
    sections = [section for part in PARTS if part in chosen.only for section in parts[part]()]
    report = render(sections, f"database on {urlsplit(url).hostname}" if "database" in chosen.only else "no database")
    print(report, end="")
    if chosen.out:
        chosen.out.write_text(report, encoding="utf-8")
    return exit_status(sections)


def database_url(settings: Settings) -> str:
    """The local one speaks no TLS."""
    local = f"postgresql://postgres:postgres@{HOST}:{settings.postgres_port}/postgres?sslmode=disable"
    return settings.audit_database_url.get_secret_value() or local


if __name__ == "__main__":
    sys.exit(main())
