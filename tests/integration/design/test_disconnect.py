"""Who goes away takes the upstream call along."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

from tests.support import plain_http
from tests.support.users import User
from tests.support.vendors.openai import Designer, identifier, wait_for

BODY = {"content": {"title": "Loom", "description": "It weaves. " * 50}}
PATH = "/functions/v1/aiDesignAssistant"


def leave(designer: Designer, user: User, accept: str, *, after_first: bool) -> None:
    """Once the model is at it, or has written something that was shown."""
    headers = designer.headers(user, accept=accept)
    if after_first:
        with plain_http.stream(
            "POST", designer.functions_url + PATH, json=BODY, headers=headers, timeout=30
        ) as response:
            next(response.iter_text())
        return
    connection = http.client.HTTPConnection(urlsplit(designer.functions_url).netloc)
    connection.request("POST", PATH, json.dumps(BODY), {**headers, "content-type": "application/json"})
    wait_for(lambda: bool(designer.received(identifier(user))))
    connection.close()


@pytest.mark.parametrize(
    ("accept", "after_first", "used"),
    [("application/json", False, 0), ("text/event-stream", False, 0), ("text/event-stream", True, 1)],
    ids=["json", "before the first block", "after the first block"],
)
def test_a_client_that_goes_away(designer: Designer, ada: User, accept: str, after_first: bool, used: int) -> None:
    """What was shown was had; where nothing was, the design is given back."""
    slow = (
        {"kind": "slow", "seconds": 0.05}
        if after_first
        else {"kind": "delay", "seconds": 60, "on": "/v1/chat/completions"}
    )
    designer.behave(identifier(ada), slow)
    leave(designer, ada, accept, after_first=after_first)
    wait_for(lambda: designer.sessions(ada)[0]["status"] != "running")
    [session] = designer.sessions(ada)
    assert (session["status"], session["error_code"], session["output_json"]) == ("cancelled", "client_gone", None)
    assert session["input_tokens"] > 0
    assert designer.runs(ada) == []
    assert designer.used(ada) == used
    wait_for(lambda: designer.received(identifier(ada))[0]["ended"] == "hung up")
