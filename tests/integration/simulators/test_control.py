"""The control side that simulators share: behaviours by subject, the journal, the page."""

import json

import pytest

from tests.support.vendors.github import GitHub


def test_behaviours_are_the_subjects_own(github: GitHub) -> None:
    github.behave(github.own("one"), {"kind": "not_found"})
    github.behave(f"{github.owner}/*", {"kind": "counts", "stars": 5})
    github.behave(github.own("two"), {"kind": "counts", "stars": 6})
    data = github.ask(github.batch("one", "two", "three"))["data"]
    assert (data["r0"], data["r1"]["stargazerCount"], data["r2"]["stargazerCount"]) == (None, 6, 5)

    stranger = GitHub(github.client)
    assert stranger.ask(stranger.batch("one"))["data"]["r0"]

    github.client.delete("/_simulator/behaviours", params={"subject": github.own("one")})
    data = github.ask(github.batch("one", "two"))["data"]
    assert (data["r0"]["stargazerCount"], data["r1"]["stargazerCount"]) == (5, 6)


def test_a_behaviour_for_everything_and_back_to_normal(github: GitHub) -> None:
    github.behave("*", {"kind": "bad_gateway", "times": 1})
    assert github.post("{ viewer { login } }").status_code == 502
    github.behave("*", {"kind": "bad_gateway"})
    assert github.client.delete("/_simulator/behaviours").status_code == 204
    assert github.post("{ viewer { login } }").status_code == 200
    assert github.state()["behaviours"] == {}


@pytest.mark.parametrize(
    "body",
    [
        "nonsense",
        '{"a/b": [{"kind": "unheard_of"}]}',
        '{"a/b": [{"kind": "counts", "stars": -1}]}',
        '{"a/b": [{"kind": "counts", "moons": 1}]}',
        '{"a/b": {"kind": "counts"}}',
        '{"a/b": [{"kind": "not_found", "times": 0}]}',
    ],
)
def test_a_behaviour_that_it_does_not_know_is_refused(github: GitHub, body: str) -> None:
    answer = github.client.put("/_simulator/behaviours", content=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_the_journal_tells_what_was_asked_by_subject(github: GitHub) -> None:
    github.ask(github.batch("one", "two"))
    github.ask(github.batch("one"))
    state = github.state(github.own("one"), github.own("two"), f"{github.owner}/*", f"token:{github.token}")

    assert [state["counts"][github.own(name)] for name in ("one", "two", "*")] == [2, 1, 2]
    assert state["counts"][f"token:{github.token}"] == 2
    latest, first = state["requests"]
    assert latest["subjects"] == [github.own("one")]
    assert first["subjects"] == [github.own("one"), github.own("two")]
    assert (latest["method"], latest["path"], latest["status"]) == ("POST", "/graphql", 200)
    assert latest["seconds"] > 0
    assert json.loads(latest["body"])["query"] == github.batch("one")
    assert latest["headers"]["content-type"] == "application/json"


def test_the_journal_keeps_no_token(github: GitHub) -> None:
    github.behave(f"token:{github.token}", {"kind": "delay", "seconds": 0.01})
    github.post(f"{{ viewer {{ login }} }} # {github.token}", headers={"x-request-id": github.token})
    github.client.get(f"/elsewhere?access_token={github.token}", headers={"authorization": f"token {github.token}"})
    for accept in ("application/json", "text/html"):
        shown = github.client.get("/_simulator", params={"limit": 500}, headers={"accept": accept})
        assert github.token not in shown.text
        assert "[redacted]" in shown.text


def test_the_journal_is_bounded_and_can_be_cleared(github: GitHub) -> None:
    for _ in range(510):
        github.client.post("/graphql")
    state = github.client.get("/_simulator", params={"limit": 10_000}).json()
    assert len(state["requests"]) == 500
    assert state["counts"]["*"] >= 510

    assert github.client.delete("/_simulator/requests").status_code == 204
    state = github.state()
    assert (state["counts"], state["requests"]) == ({"*": 0}, [])


def test_an_answer_on_a_kept_connection_does_not_wait_to_be_acknowledged(github: GitHub) -> None:
    """Nagle's algorithm and a delayed acknowledgement would add 40 ms to each, but for the first ones."""
    answers = [github.client.get("/_simulator", params={"limit": 0}) for _ in range(60)]
    assert min(answer.elapsed.total_seconds() for answer in answers[30:]) < 0.03


def test_the_page_for_people(github: GitHub) -> None:
    github.behave(github.own("<b>engine</b>"), {"kind": "counts", "stars": 3})
    github.ask(github.batch("<script>alert(1)</script>"))
    page = github.client.get("/", headers={"accept": "text/html"}, follow_redirects=True)

    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>GitHub simulator</h1>" in page.text
    assert "secondary_rate_limited" in page.text
    assert "&lt;b&gt;engine&lt;/b&gt;" in page.text
    assert "<script>" not in page.text
    assert "<b>engine" not in page.text
