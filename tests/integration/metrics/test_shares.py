"""One user's links at X: what they may cost in a day, and what is answered after that."""

from dataclasses import replace

import pytest
from showcase.metrics.domain import Platform
from showcase.metrics.refresh_due import refresh_due

from tests.integration.metrics.running import SHARE, Metrics


@pytest.mark.anyio
async def test_one_users_links_do_not_cost_everybody_s_money(metrics: Metrics) -> None:
    sources = metrics.make(30, "twitter")
    somebody_else = replace(metrics, owner=metrics.stack.make_user()).make(2, "twitter")
    async with metrics.dependencies(x_posts_per_user_per_day=4, metrics_lease_size=10) as dependencies:
        done = (await refresh_due(dependencies))[Platform.TWITTER]
    assert (done.recorded, done.put_off, done.remaining, done.stopped) == (6, 26, 0, None)
    assert metrics.recorded(somebody_else) == set(somebody_else)
    assert len(metrics.recorded(sources)) == 4
    assert sum(metrics.seen("twitter", source.subject)["billed"][source.subject] for source in sources) == 4


def test_a_spent_share_is_said_beside_the_last_known_numbers(metrics: Metrics) -> None:
    (known, unknown) = metrics.make(2, "twitter")
    fresh = metrics.get(known)
    with metrics.connect() as connection:
        connection.execute(
            "update private.metric_user_quotas set units = %s where user_id = %s", (SHARE, metrics.owner.id)
        )
        connection.execute(
            """update social_metrics set as_of = as_of - interval '2 days', recorded_at = recorded_at - 2
               where project_id = %s""",
            (known.project,),
        )
    for caller in ("anon", metrics.owner):
        last = metrics.get(known, caller)
        assert (last["counts"], last["stale"], last["reason"]) == (fresh["counts"], True, "share_spent")
        nothing = metrics.get(unknown, caller)
        assert (nothing["counts"], nothing["reason"]) == (None, "share_spent")
    assert metrics.count("twitter", known.subject) == 1
    metrics.make_due()
    assert metrics.refresh()["twitter"]["put_off"] == 2
