import json
from pathlib import Path

from showcase.openapi import document
from showcase.routes import ENDPOINTS


def test_the_committed_document_is_current() -> None:
    committed = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
    assert committed == document(), "run `make openapi`"


def test_every_function_is_described() -> None:
    assert set(document()["paths"]) == {f"/{path}" for path in ENDPOINTS}
