"""LinkedIn's simulator: which posts there are, and which cannot be read."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulators.linkedin.posts import social
from tests.support.vendors.linkedin import LinkedIn, encoded

# Posts


def test_every_post_exists_with_numbers_of_its_own(linkedin: LinkedIn) -> None:
    urns = linkedin.urns[:3]
    answer = linkedin.ask(*urns)
    keys = [encoded(urn) for urn in urns]

    assert list(answer["results"]) == keys
    assert answer["statuses"] == dict.fromkeys(keys, 200)
    assert answer["errors"] == {}
    for urn, found in zip(urns, answer["results"].values(), strict=True):
        assert set(found) == {"reactionSummaries", "commentsState", "commentSummary", "entity"}
        assert (found["entity"], found["commentsState"]) == (urn, "OPEN")
        assert all(each["reactionType"] == kind for kind, each in found["reactionSummaries"].items())
        assert all(each["count"] > 0 for each in found["reactionSummaries"].values())
        assert found["commentSummary"]["count"] >= found["commentSummary"]["topLevelCount"] >= 0
    assert linkedin.ask(urns[1])["results"][keys[1]] == answer["results"][keys[1]]


def test_keys_can_be_the_plain_urns(linkedin: LinkedIn) -> None:
    linkedin.behave_token({"kind": "plain_keys"})
    linkedin.behave(linkedin.urns[1], {"kind": "not_found"})
    answer = linkedin.ask(*linkedin.urns[:2])
    assert list(answer["results"]) == [linkedin.urns[0]]
    assert list(answer["statuses"]) == list(linkedin.urns[:2])
    assert list(answer["errors"]) == [linkedin.urns[1]]


def test_a_post_asked_for_twice_is_answered_once(linkedin: LinkedIn) -> None:
    assert len(linkedin.ask(linkedin.urns[0], linkedin.urns[0])["results"]) == 1


def test_fifty_posts_are_answered_at_once(linkedin: LinkedIn) -> None:
    assert len(linkedin.ask(*linkedin.urns[:50])["results"]) == 50


@given(st.from_regex(r"urn:li:(share|ugcPost|activity):[0-9]{1,19}", fullmatch=True), st.dates(date(2020, 1, 1)))
def test_any_post_has_plausible_numbers_every_day(urn: str, day: date) -> None:
    found = social(urn, day)
    assert all(count > 0 for count in found.reactions.values())
    assert found.comments >= found.top_level_comments >= 0


def test_numbers_move_a_little_from_day_to_day() -> None:
    days = [date(2026, 1, 1) + timedelta(days=i) for i in range(30)]
    for number in range(50):
        likes = [social(f"urn:li:share:{number}", day).reactions.get("LIKE", 0) for day in days]
        assert len(set(likes)) > 1
        assert max(abs(after - before) for before, after in itertools.pairwise(likes)) <= 4


@pytest.mark.parametrize(
    ("kind", "status", "code", "service_code"),
    [
        ("not_found", 404, "NOT_FOUND", 0),
        ("forbidden", 403, "ACCESS_DENIED", 100),
        ("failed", 500, "INTERNAL_SERVER_ERROR", 0),
    ],
)
def test_one_bad_post_leaves_the_others(
    linkedin: LinkedIn, kind: str, status: int, code: str, service_code: int
) -> None:
    bad = linkedin.urns[1]
    linkedin.behave(bad, {"kind": kind})
    answer = linkedin.ask(*linkedin.urns[:50])

    assert len(answer["results"]) == 49
    assert encoded(bad) not in answer["results"]
    assert answer["statuses"][encoded(bad)] == status
    [(key, error)] = answer["errors"].items()
    assert key == encoded(bad)
    assert error.pop("message")
    assert error == {"status": status, "code": code, "serviceErrorCode": service_code}


def test_a_post_can_be_left_out_without_a_word(linkedin: LinkedIn) -> None:
    linkedin.behave(linkedin.urns[0], {"kind": "omitted"})
    assert linkedin.ask(linkedin.urns[0]) == {"results": {}, "statuses": {}, "errors": {}}


def test_fixed_counts(linkedin: LinkedIn) -> None:
    first, second, third = linkedin.urns[:3]
    before = linkedin.ask(first, second)["results"]
    linkedin.behave(first, {"kind": "counts", "reactions": {"LIKE": 5, "PRAISE": 2}})
    linkedin.behave(second, {"kind": "counts", "comments": 4, "top_level_comments": 3})
    linkedin.behave(third, {"kind": "counts", "reactions": {}, "comments": 0})
    after = linkedin.ask(first, second, third)["results"]

    assert after[encoded(first)] == before[encoded(first)] | {
        "reactionSummaries": {
            "LIKE": {"reactionType": "LIKE", "count": 5},
            "PRAISE": {"reactionType": "PRAISE", "count": 2},
        }
    }
    assert after[encoded(second)] == before[encoded(second)] | {"commentSummary": {"count": 4, "topLevelCount": 3}}
    assert after[encoded(third)]["reactionSummaries"] == {}
    assert after[encoded(third)]["commentSummary"] == {"count": 0, "topLevelCount": 0}
