"""Views: counted without cookies or addresses, bots left out, read by the owner."""

from collections.abc import Mapping

import httpx
import psycopg
import pytest

from tests.integration.portfolio.conftest import BROWSER, Visit, add
from tests.support.stack import Stack
from tests.support.users import User


def seen(owner: httpx.Client, project: str) -> int:
    rows = owner.get(f"/rest/v1/project_views?project_id=eq.{project}&select=views").json()
    return sum(row["views"] for row in rows)


def see(client: httpx.Client, project: str, headers: Mapping[str, str] | None = None) -> None:
    answer = client.post("/rest/v1/rpc/record_project_view", json={"project_id": project}, headers=headers)
    assert (answer.status_code, answer.text) == (204, ""), "whatever it was, nobody hears of it"


def test_a_visitor_counts_once_a_day_and_a_second_one_too(visit: Visit, owner: httpx.Client, project: str) -> None:
    first, second = visit(), visit()
    for client in (first, first, second, first):
        see(client, project)
    assert seen(owner, project) == 2


def test_the_owner_reads_the_views_beside_the_other_numbers(
    visit: Visit, owner: httpx.Client, other: httpx.Client, anon: httpx.Client, project: str
) -> None:
    see(visit(), project)
    asked = {"project_id": project, "history_days": 7}
    views = owner.post("/functions/v1/getSocialMetrics", json=asked).json()["views"]
    assert (views["total"], [day["views"] for day in views["history"]]) == (1, [1])
    for client in (other, anon):
        assert client.post("/functions/v1/getSocialMetrics", json=asked).json()["views"] is None
    assert other.get(f"/rest/v1/project_views?project_id=eq.{project}").json() == []
    assert anon.get("/rest/v1/project_views").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"User-Agent": "facebookexternalhit/1.1"},
        {"User-Agent": "Mozilla/5.0 HeadlessChrome/140.0"},
        {"User-Agent": "curl/8.5.0"},
        {"User-Agent": ""},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
    ],
)
def test_bots_and_prefetches_do_not_count(
    visit: Visit, owner: httpx.Client, project: str, headers: Mapping[str, str]
) -> None:
    see(visit(), project, headers)
    assert seen(owner, project) == 0


def test_the_owners_own_views_and_those_of_drafts_do_not_count(
    visit: Visit, owner: httpx.Client, user: User, project: str
) -> None:
    draft = add(owner, status="draft")["id"]
    see(visit(user), project)
    see(visit(), draft)
    assert (seen(owner, project), seen(owner, draft)) == (0, 0)


def test_one_stranger_adds_ten_whatever_they_send(visit: Visit, owner: httpx.Client, project: str) -> None:
    stranger = visit()
    for number in range(14):
        forged = f"203.0.113.{number}"
        see(
            stranger,
            project,
            {"User-Agent": f"{BROWSER} {number}", "X-Forwarded-For": forged, "CF-Connecting-IP": forged},
        )
    assert seen(owner, project) == 10


def test_no_address_is_kept(visit: Visit, owner: httpx.Client, project: str, stack: Stack) -> None:
    client = visit()
    see(client, project)
    assert seen(owner, project) == 1
    with psycopg.connect(stack.database_url) as connection:
        kept = connection.execute("select day::text, use_hash, used from private.daily_uses").fetchall()
    assert kept
    assert all(len(use_hash) == 64 and "." not in use_hash for _, use_hash, _ in kept)


def test_what_is_left_of_other_days_goes_with_their_salt(
    visit: Visit, project: str, stack: Stack, cluster: object
) -> None:
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("insert into private.daily_uses values (current_date - 3, repeat('a', 64), 5)")
        connection.commit()
        see(visit(), project)
        old = "select count(*) from private.daily_uses where day < current_date"
        assert connection.execute(old).fetchone() == (0,)
