"""/realtime/v1 of the local stack: there is no Realtime, and a client reports it at once."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from tests.support.node import run_script
from tests.support.stack import Stack

HEARTBEAT = {"topic": "phoenix", "event": "heartbeat", "payload": {}, "ref": "last"}
ALIVE = {"topic": "phoenix", "event": "phx_reply", "payload": {"status": "ok", "response": {}}, "ref": "last"}


def endpoint(stack: Stack) -> str:
    return f"{stack.url.replace('http', 'ws', 1)}/realtime/v1/websocket?vsn=1.0.0"


async def first_answer(stack: Stack, *messages: str) -> object:
    """What comes first after the messages and a heartbeat."""
    async with connect(endpoint(stack)) as socket:
        for message in [*messages, json.dumps(HEARTBEAT)]:
            await socket.send(message)
        answer: object = json.loads(await asyncio.wait_for(socket.recv(), 20))
        return answer


def test_a_channel_of_supabase_js_reports_why(stack: Stack) -> None:
    seen = run_script("realtime.mjs", url=stack.url, key=stack.publishable_key)
    assert set(seen) == {"1.0.0", "2.0.0"}
    for reported in seen.values():
        assert reported["status"] == "CHANNEL_ERROR"
        assert "Realtime is not part of the local stack" in reported["message"]


def test_a_message_that_is_none_is_ignored(stack: Stack) -> None:
    odd = ["", "null", "7", "[]", '"x"', '{"event": "constructor"}', "[1, 2, 3, 4, 5, 6]"]
    assert asyncio.run(first_answer(stack, *odd)) == ALIVE


def test_a_message_that_is_too_large_ends_its_connection_alone(stack: Stack) -> None:
    async def close_code() -> int | None:
        async with connect(endpoint(stack)) as socket:
            await socket.send("x" * 100_000)
            await asyncio.wait_for(socket.wait_closed(), 20)
            return socket.close_code

    assert asyncio.run(close_code()) == 1009
    assert asyncio.run(first_answer(stack)) == ALIVE


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_http_is_answered_with_a_problem(stack: Stack, method: str) -> None:
    with stack.client() as client:
        answer = client.request(method, "/realtime/v1/api/broadcast")
    assert (answer.status_code, answer.json()["code"]) == (501, "realtime_unavailable")


def test_an_upgrade_to_another_protocol_stays_an_ordinary_request(stack: Stack) -> None:
    with stack.client() as client:
        answer = client.get("/rest/v1/users?limit=1", headers={"Connection": "Upgrade", "Upgrade": "h2c"})
    assert answer.status_code == 200
