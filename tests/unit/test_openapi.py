import json
from pathlib import Path

from showcase.openapi import document
from showcase.routes import ENDPOINTS


def test_the_committed_document_is_current() -> None:
    committed = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
    assert committed == document(), "run `make openapi`"


def test_every_function_is_described() -> None:
    assert set(document()["paths"]) == {f"/{path}" for path in ENDPOINTS}


def test_a_streamed_answer_is_described_beside_the_json() -> None:
    answers = document()["paths"]["/aiDesignAssistant"]["post"]["responses"]
    assert set(answers["200"]["content"]) == {"application/json", "text/event-stream"}
    assert {"429", "502", "503", "504"} <= set(answers)


def test_no_operation_leaves_its_refusals_open() -> None:
    """`default` would describe any answer at all."""
    for path, methods in document()["paths"].items():
        for operation in methods.values():
            assert "default" not in operation["responses"], path
            assert "503" in operation["responses"], path
