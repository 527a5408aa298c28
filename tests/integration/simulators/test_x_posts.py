"""X's simulator: which posts there are, and which cannot be read."""

import itertools
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulators.x.posts import metrics
from tests.support.vendors.x import X

API = "https://api.x.com/2/problems"
LEGACY = "https://api.twitter.com/2/problems"


# Posts


def test_every_post_exists_with_numbers_of_its_own(x: X) -> None:
    one, other, *_ = x.ids
    answer = x.ask(one, other)

    assert set(answer) == {"data"}
    assert [post["id"] for post in answer["data"]] == [one, other]
    assert answer["data"][0] == x.ask(one)["data"][0]
    for post in answer["data"]:
        assert set(post) == {"id", "text", "edit_history_tweet_ids", "public_metrics"}
        assert set(post["public_metrics"]) == {
            "retweet_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count",
        }  # fmt: skip
        assert all(number >= 0 for number in post["public_metrics"].values())


def test_it_answers_in_the_words_it_is_asked_in(x: X) -> None:
    [legacy] = x.ask(x.ids[0], query="tweet.fields=public_metrics,created_at,author_id")["data"]
    [current] = x.ask(x.ids[0], query="post.fields=public_metrics,created_at")["data"]

    assert legacy.pop("edit_history_tweet_ids") == current.pop("edit_history_post_ids") == [x.ids[0]]
    assert legacy.pop("author_id").isdecimal()
    assert legacy["public_metrics"].pop("retweet_count") == current["public_metrics"].pop("repost_count")
    assert legacy == current
    assert datetime.fromisoformat(legacy["created_at"]).tzinfo is not None


def test_without_fields_there_are_no_metrics(x: X) -> None:
    [post] = x.ask(x.ids[0], query="")["data"]
    assert set(post) == {"id", "text", "edit_history_tweet_ids"}


def test_a_post_asked_for_twice_is_answered_once(x: X) -> None:
    assert len(x.ask(x.ids[0], x.ids[0])["data"]) == 1


def test_a_hundred_posts_are_answered_at_once(x: X) -> None:
    assert len(x.ask(*x.ids[:100])["data"]) == 100


@given(st.integers(min_value=0, max_value=10**19 - 1), st.dates(min_value=date(2025, 1, 1), max_value=date(2100, 1, 1)))
def test_any_id_has_plausible_numbers_every_day(post_id: int, day: date) -> None:
    found = metrics(str(post_id), day)
    assert all(number >= 0 for number in asdict(found).values())
    assert found.impressions > found.likes >= found.retweets >= found.quotes


def test_numbers_move_a_little_from_day_to_day() -> None:
    days = [date(2026, 1, 1) + timedelta(days=i) for i in range(30)]
    for number in range(50):
        likes = [metrics(str(1_800_000_000_000_000_000 + number), day).likes for day in days]
        assert len(set(likes)) > 1
        assert max(abs(after - before) for before, after in itertools.pairwise(likes)) <= 4


def test_the_day_is_that_of_utc(x: X) -> None:
    before = datetime.now(UTC).date()
    likes = x.ask(x.ids[0])["data"][0]["public_metrics"]["like_count"]
    assert likes in {metrics(x.ids[0], day).likes for day in (before, datetime.now(UTC).date())}


# Posts that cannot be read


@pytest.mark.parametrize(
    ("kind", "title", "detail", "problem", "more"),
    [
        ("not_found", "Not Found Error", "Could not find tweet with ids: [{}].", "resource-not-found", {}),
        (
            "not_authorized",
            "Authorization Error",
            "Sorry, you are not authorized to see the Tweet with ids: [{}].",
            "not-authorized-for-resource",
            {"section": "data"},
        ),
        ("suspended", "Forbidden", "User has been suspended: [{}].", "resource-not-found", {}),
    ],
)
def test_one_bad_post_leaves_the_others(
    x: X, kind: str, title: str, detail: str, problem: str, more: dict[str, str]
) -> None:
    bad = x.ids[1]
    x.behave(bad, {"kind": kind})
    answer = x.ask(*x.ids[:100])

    assert [post["id"] for post in answer["data"]] == [x.ids[0], *x.ids[2:100]]
    assert answer["errors"] == [
        {
            "value": bad,
            "resource_id": bad,
            "resource_type": "tweet",
            "parameter": "ids",
            "title": title,
            "detail": detail.format(bad),
            "type": f"{API}/{problem}",
            **more,
        }
    ]


def test_when_all_are_missing_there_are_only_errors(x: X) -> None:
    x.behave_token({"kind": "not_found"})
    answer = x.ask(*x.ids[:3])
    assert set(answer) == {"errors"}
    assert [error["resource_id"] for error in answer["errors"]] == list(x.ids[:3])


def test_problem_types_can_be_those_of_the_old_host(x: X) -> None:
    x.behave(x.ids[0], {"kind": "not_found"})
    x.behave_token({"kind": "legacy_problems"})
    assert x.ask(*x.ids[:2])["errors"][0]["type"] == f"{LEGACY}/resource-not-found"


def test_a_post_can_be_left_out_without_a_word(x: X) -> None:
    x.behave(x.ids[0], {"kind": "omitted"})
    assert [post["id"] for post in x.ask(*x.ids[:2])["data"]] == [x.ids[1]]
    assert x.ask(x.ids[0]) == {}


def test_a_post_can_come_without_metrics(x: X) -> None:
    x.behave(x.ids[0], {"kind": "no_metrics"})
    assert ["public_metrics" in post for post in x.ask(*x.ids[:2])["data"]] == [False, True]


def test_fixed_counts_leave_the_others_as_they_are(x: X) -> None:
    [before] = x.ask(x.ids[0])["data"]
    x.behave(x.ids[0], {"kind": "counts", "likes": 0, "retweets": 41})
    [after] = x.ask(x.ids[0])["data"]
    assert after["public_metrics"] == before["public_metrics"] | {"like_count": 0, "retweet_count": 41}
