"""Who goes away takes the upstream call along."""

import time
from collections.abc import Callable

import httpx
import pytest

from tests.support.openai import Designer, identifier
from tests.support.people import Person

BODY = {"content": {"title": "Loom", "description": "It weaves. " * 50}}


def wait_for(what: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def leave(designer: Designer, person: Person, accept: str, *, after_first: bool) -> None:
    url = f"{designer.functions_url}/functions/v1/aiDesignAssistant"
    headers = designer.headers(person, accept=accept)
    if after_first:
        with httpx.stream("POST", url, json=BODY, headers=headers, timeout=30) as response:
            next(response.iter_text())
        return
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(url, json=BODY, headers=headers, timeout=httpx.Timeout(5, read=1))


@pytest.mark.parametrize(
    ("accept", "after_first", "used"),
    [("application/json", False, 0), ("text/event-stream", False, 0), ("text/event-stream", True, 1)],
    ids=["json", "before the first block", "after the first block"],
)
def test_a_client_that_goes_away(designer: Designer, ada: Person, accept: str, after_first: bool, used: int) -> None:
    """What was shown was had; where nothing was, the design is given back."""
    slow = (
        {"kind": "slow", "seconds": 0.05}
        if after_first
        else {"kind": "delay", "seconds": 5, "on": "/v1/chat/completions"}
    )
    designer.behave(identifier(ada), slow)
    leave(designer, ada, accept, after_first=after_first)
    wait_for(lambda: designer.sessions(ada)[0]["status"] != "running")
    [session] = designer.sessions(ada)
    assert (session["status"], session["error_code"], session["output_json"]) == ("cancelled", "client_gone", None)
    assert session["input_tokens"] > 0
    assert designer.runs(ada) == []
    assert designer.used(ada) == used
    wait_for(lambda: designer.received(identifier(ada))[0]["ended"] == "hung up", 2)
