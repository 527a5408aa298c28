"""Whatever becomes of the answer: the right code, the session completed as failed, the design given back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.cluster import TestCluster
from tests.support.users import User
from tests.support.vendors.openai import Designer, identifier, other_functions, wait_for

FAILURES: dict[str, tuple[dict[str, Any], int, str]] = {
    "malformed": ({"kind": "malformed"}, 502, "invalid_design"),
    "truncated": ({"kind": "truncated"}, 502, "invalid_design"),
    "schema-violating": ({"kind": "invalid"}, 502, "invalid_design"),
    "empty": ({"kind": "blocks", "blocks": []}, 502, "invalid_design"),
    "not JSON": ({"kind": "answer", "text": "Sure! Here is your page."}, 502, "invalid_design"),
    "refused": ({"kind": "refusal"}, 422, "design_refused"),
    "filtered": ({"kind": "filtered"}, 422, "design_refused"),
    "429": ({"kind": "rate_limited"}, 503, "assistant_busy"),
    "429 with Retry-After": ({"kind": "rate_limited", "retry_after": 17}, 503, "assistant_busy"),
    "429 without credit": ({"kind": "spent"}, 503, "assistant_misconfigured"),
    "500": ({"kind": "server_error"}, 503, "assistant_unavailable"),
    "401": ({"kind": "invalid_key"}, 503, "assistant_misconfigured"),
    "another shape": ({"kind": "wrong_shape"}, 502, "assistant_interrupted"),
    "dropped before the first event": ({"kind": "dropped", "events": 0}, 502, "assistant_interrupted"),
    "dropped mid-stream": ({"kind": "dropped", "events": 30}, 502, "assistant_interrupted"),
    "an error mid-stream": ({"kind": "stream_error", "events": 30}, 502, "assistant_interrupted"),
    "a broken event": ({"kind": "broken_stream", "events": 30}, 502, "assistant_interrupted"),
}
# Content that keeps others of its user's requests apart from none: each test has a user of its own.
CONTENT = {
    "title": "Loom",
    "description": "It weaves flowers and leaves. " * 10,
    "links": [{"label": "Site", "url": "https://loom.example.com"}],
}


def nothing_was_kept(designer: Designer, user: User, code: str, *, status: str = "failed") -> None:
    [session] = designer.sessions(user)
    assert (session["status"], session["error_code"], session["output_json"]) == (status, code, None)
    assert session["completed_at"] is not None
    assert session["latency_ms"] is not None
    assert designer.used(user) == 0
    assert designer.runs(user) == []
    assert designer.rows("select from layouts where user_id = %s", user.id) == []
    assert designer.files(user) == []


@pytest.mark.parametrize(("behaviour", "status", "code"), FAILURES.values(), ids=FAILURES)
def test_a_failure_has_its_code(
    designer: Designer, ada: User, behaviour: dict[str, Any], status: int, code: str
) -> None:
    designer.behave(identifier(ada), behaviour)
    answer = designer.ask(ada, content=CONTENT, saveAsLayout=True)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    if code == "assistant_busy":
        assert answer.headers["retry-after"] == str(behaviour.get("retry_after", 30))
    nothing_was_kept(designer, ada, code)


@pytest.mark.parametrize(("behaviour", "status", "code"), FAILURES.values(), ids=FAILURES)
def test_a_failure_ends_the_stream(
    designer: Designer, ada: User, behaviour: dict[str, Any], status: int, code: str
) -> None:
    designer.behave(identifier(ada), behaviour)
    events = designer.stream(ada, content=CONTENT, saveAsLayout=True)
    assert {kind for kind, _ in events[:-1]} <= {"block"}
    kind, problem = events[-1]
    assert (kind, problem["status"], problem["code"]) == ("error", status, code)
    nothing_was_kept(designer, ada, code)


def test_how_often_it_is_asked_again(designer: Designer) -> None:
    """What may pass is asked again by the SDK, once here; a long wait, a refusal or a dropped stream is not."""
    for kind, times in {"server_error": 2, "rate_limited": 2, "refusal": 1, "dropped": 1, "invalid_key": 1}.items():
        user = designer.stack.make_user()
        designer.behave(identifier(user), {"kind": kind})
        designer.ask(user, content=CONTENT)
        assert len(designer.received(identifier(user))) == times, kind
    user = designer.stack.make_user()
    designer.behave(identifier(user), {"kind": "rate_limited", "retry_after": 17})
    designer.ask(user, content=CONTENT)
    assert len(designer.received(identifier(user))) == 1


@pytest.mark.parametrize("kind", ["invalid", "malformed", "truncated"])
def test_an_invalid_answer_is_repaired_once(designer: Designer, ada: User, kind: str) -> None:
    designer.behave(identifier(ada), {"kind": kind, "times": 1})
    events = designer.stream(ada, content=CONTENT)
    assert [name for name, _ in events[-2:]] == ["usage", "done"]
    asked = designer.received(identifier(ada))
    assert len(asked) == 2
    repair = asked[1]["json"]["messages"]
    assert repair[:2] == asked[0]["json"]["messages"]
    assert '"errors": [' in repair[2]["content"]
    blocks = [data["block"] for name, data in events if name == "block"]
    [session] = designer.sessions(ada)
    assert session["output_json"] == {"blocks": blocks}
    assert len({block["type"] for block in blocks}) == len(blocks), "what was shown before is not repeated"
    assert session["input_tokens"] == events[-2][1]["input_tokens"] > 3000, "both answers are counted"


def test_a_passing_failure_is_not_seen(designer: Designer, ada: User) -> None:
    designer.behave(identifier(ada), {"kind": "server_error", "times": 1})
    assert designer.ask(ada, content=CONTENT).status_code == 200
    assert designer.used(ada) == 1


IMAGES = {
    "text": ({"kind": "image", "what": "text"}, 502, "invalid_image"),
    "tiny": ({"kind": "image", "what": "tiny"}, 502, "invalid_image"),
    "huge": ({"kind": "image", "what": "huge"}, 502, "invalid_image"),
    "an address": ({"kind": "image", "what": "nothing"}, 502, "invalid_image"),
    "500": ({"kind": "server_error", "on": "/v1/images/generations"}, 503, "assistant_unavailable"),
    "another shape": ({"kind": "wrong_shape", "on": "/v1/images/generations"}, 502, "invalid_image"),
}


@pytest.mark.parametrize(("behaviour", "status", "code"), IMAGES.values(), ids=IMAGES)
def test_an_image_that_is_none(
    designer: Designer, ada: User, behaviour: dict[str, Any], status: int, code: str
) -> None:
    designer.behave(identifier(ada), behaviour)
    answer = designer.ask(ada, content=CONTENT, generate_image=True)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    nothing_was_kept(designer, ada, code)


def test_an_image_is_removed_where_the_design_fails(designer: Designer, ada: User) -> None:
    designer.behave(
        identifier(ada), {"kind": "invalid"}, {"kind": "delay", "seconds": 0.5, "on": "/v1/chat/completions"}
    )
    answer = designer.ask(ada, content=CONTENT, generate_image=True)
    assert answer.json()["code"] == "invalid_design"
    assert designer.received(identifier(ada), "/v1/images/generations")
    nothing_was_kept(designer, ada, "invalid_design")


@pytest.fixture(scope="module")
def impatient(designer: Designer, cluster: TestCluster) -> Iterator[Designer]:
    with other_functions(designer, cluster, DESIGN_SECONDS="5", OPENAI_MODERATION="off") as running:
        yield running


def test_a_slow_answer_is_not_waited_for(impatient: Designer) -> None:
    """Side by side, since each takes its five seconds: one that comes late, and one that comes slowly."""

    def ask(behaviour: dict[str, Any], streamed: bool) -> None:
        ada = impatient.stack.make_user(tier="paid")
        impatient.behave(identifier(ada), behaviour)
        reported = (
            impatient.stream(ada, content=CONTENT)[-1][1] if streamed else impatient.ask(ada, content=CONTENT).json()
        )
        assert (reported["status"], reported["code"]) == (504, "assistant_timeout")
        nothing_was_kept(impatient, ada, "assistant_timeout")
        wait_for(lambda: [one["ended"] for one in impatient.received(identifier(ada))] == ["hung up"])

    slow = [{"kind": "delay", "seconds": 60}, {"kind": "slow", "seconds": 0.5}]
    with ThreadPoolExecutor(4) as callers:
        asked = [callers.submit(ask, behaviour, streamed) for behaviour in slow for streamed in (False, True)]
    for one in asked:
        one.result()


def test_moderation_comes_first_and_can_be_switched_off(designer: Designer, impatient: Designer) -> None:
    word = "some-unwanted-word"
    designer.behave(word, {"kind": "flagged"})
    user = designer.stack.make_user()
    answer = designer.ask(user, content=CONTENT, style={"notes": word})
    assert (answer.status_code, answer.json()["code"]) == (422, "content_flagged")
    assert designer.received(identifier(user)) == []
    nothing_was_kept(designer, user, "content_flagged")

    owner = designer.stack.make_user()
    answer = designer.ask(owner, project_id=designer.project(owner, description=f"About {word}."))
    assert answer.json()["code"] == "content_flagged", "what is stored is moderated as what comes along is"

    other = designer.stack.make_user()
    assert impatient.ask(other, content=CONTENT, style={"notes": word}).status_code == 200
