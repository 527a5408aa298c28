"""Nobody gets more than is theirs, however they ask; and all together no more than there is money for."""

import asyncio
from collections import Counter

import httpx

from tests.support import plain_http
from tests.support.users import User
from tests.support.vendors.openai import Designer, identifier

BODY = {"content": {"title": "Loom"}}


def test_a_hundred_at_once_with_five_left(designer: Designer) -> None:
    user = designer.stack.make_user()  # free: five a day

    async def main() -> list[httpx.Response]:
        url = f"{designer.functions_url}/functions/v1/aiDesignAssistant"
        limits = httpx.Limits(max_connections=100)
        async with plain_http.AsyncClient(headers=designer.headers(user), timeout=60, limits=limits) as client:
            return await asyncio.gather(*(client.post(url, json=BODY) for _ in range(100)))

    answers = asyncio.run(main())
    assert Counter(answer.status_code for answer in answers) == {200: 5, 429: 95}
    assert len(designer.received(identifier(user))) == 5
    assert designer.used(user) == 5
    assert len(designer.sessions(user)) == 5
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["code"] == "quota_exceeded"
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    assert (refused.headers["ratelimit-limit"], refused.headers["ratelimit-remaining"]) == ("5", "0")
    assert refused.headers["ratelimit-reset"] == refused.headers["retry-after"]
    left = [answer.headers["ratelimit-remaining"] for answer in answers if answer.status_code == 200]
    assert sorted(left) == ["0", "1", "2", "3", "4"]


def test_the_month_has_a_ceiling(designer: Designer, ada: User) -> None:
    designer.ask(designer.stack.make_user(), **BODY)
    add = "update private.design_spending set spent_micros = spent_micros + %s returning month"
    designer.rows(add, 100_000_000)
    try:
        answer = designer.ask(ada, **BODY)
    finally:
        designer.rows(add, -100_000_000)
    assert (answer.status_code, answer.json()["code"]) == (503, "budget_spent")
    assert 0 < int(answer.headers["retry-after"]) <= 31 * 86_400
    assert designer.received(identifier(ada)) == []
    assert (designer.used(ada), designer.sessions(ada)) == (0, [])


def test_what_was_spent_is_booked(designer: Designer, ada: User) -> None:
    def spent() -> int:
        [row] = designer.rows("select coalesce(sum(spent_micros), 0)::int as spent from private.design_spending")
        return int(row["spent"])

    before = spent()
    usage = designer.ask(ada, **BODY).json()["usage"]
    assert spent() - before == usage["input_tokens"] * 2 + usage["output_tokens"] * 8
    before = spent()
    designer.behave(identifier(ada), {"kind": "no_usage"})
    usage = designer.ask(ada, **BODY).json()["usage"]
    assert spent() - before == usage["input_tokens"] * 2 + usage["output_tokens"] * 8 > 0, (
        "estimated where it is not reported"
    )
