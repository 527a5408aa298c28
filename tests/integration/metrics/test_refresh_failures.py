"""refreshSocialMetrics where platforms refuse, fail or break: every shape of error, as it comes over the wire."""

from typing import Any

import pytest

from tests.integration.metrics.running import TOKEN, Metrics

DAY = 86_400
OURS = f"token:{TOKEN}"


def name(value: object) -> str | None:
    return "-".join(map(str, value.values())) if isinstance(value, dict) else None


def others(platform: str) -> list[str]:
    return [each for each in ("github", "linkedin", "twitter") if each != platform]


@pytest.mark.parametrize(
    ("platform", "behaviour", "failure"),
    [
        ("github", {"kind": "not_found"}, "gone"),
        ("github", {"kind": "private"}, "gone"),
        ("github", {"kind": "private", "visible": True}, "gone"),
        ("github", {"kind": "forbidden"}, "forbidden"),
        ("github", {"kind": "resource_limits_exceeded"}, "unavailable"),
        ("github", {"kind": "bad_gateway"}, "unavailable"),
        ("github", {"kind": "query_timeout"}, "unavailable"),
        ("github", {"kind": "malformed"}, "unavailable"),
        ("twitter", {"kind": "not_found"}, "gone"),
        ("twitter", {"kind": "suspended"}, "gone"),
        ("twitter", {"kind": "not_authorized"}, "forbidden"),
        ("twitter", {"kind": "omitted"}, "unavailable"),
        ("twitter", {"kind": "no_metrics"}, "unavailable"),
        ("twitter", {"kind": "gateway_timeout"}, "unavailable"),
        ("linkedin", {"kind": "not_found"}, "gone"),
        ("linkedin", {"kind": "forbidden"}, "forbidden"),
        ("linkedin", {"kind": "failed"}, "unavailable"),
        ("linkedin", {"kind": "omitted"}, "unavailable"),
        ("linkedin", {"kind": "server_error"}, "unavailable"),
    ],
    ids=name,
)
def test_one_bad_reference_in_a_batch_leaves_the_other_99(
    metrics: Metrics, platform: str, behaviour: dict[str, Any], failure: str
) -> None:
    sources = metrics.make(100, platform)
    bad = sources[37]
    metrics.behave(platform, bad.subject, behaviour)
    report = metrics.refresh()[platform]
    assert metrics.recorded(sources) == set(sources) - {bad}
    assert (report["leased"], report["recorded"], report["remaining"]) == (100, 99, 0)
    assert report["failed" if failure == "unavailable" else failure] == 1
    assert report["upstream_requests"] <= 25
    state = metrics.state(bad)
    assert (state["last_error"], state["attempts"], state["due"], state["blocked"]) == (failure, 1, False, True)


def test_a_repository_that_is_too_much_only_beside_others_is_recorded_too(metrics: Metrics) -> None:
    sources = metrics.make(100)
    metrics.behave("github", sources[60].subject, {"kind": "bad_gateway", "over_subjects": 5})
    metrics.behave("github", sources[10].subject, {"kind": "resource_limits_exceeded", "after": 3})
    report = metrics.refresh()["github"]
    assert metrics.recorded(sources) == set(sources)
    assert (report["failed"], report["stopped"]) == (0, None)


@pytest.mark.parametrize("kind", ["not_found", "not_authorized"])
def test_xs_older_problem_types_mean_the_same(metrics: Metrics, kind: str) -> None:
    (source,) = metrics.make(1, "twitter")
    metrics.behave("twitter", source.subject, {"kind": kind}, {"kind": "legacy_problems"})
    metrics.refresh()
    assert metrics.state(source)["last_error"] == {"not_found": "gone", "not_authorized": "forbidden"}[kind]


def test_linkedins_keys_may_be_encoded_or_not(metrics: Metrics) -> None:
    sources = metrics.make(3, "linkedin")
    metrics.behave("linkedin", sources[0].subject, {"kind": "plain_keys"})
    metrics.refresh()
    assert metrics.recorded(sources) == set(sources)


@pytest.mark.parametrize("platform", ["twitter", "linkedin"])
def test_a_number_that_no_post_can_have_costs_the_others_nothing(metrics: Metrics, platform: str) -> None:
    """The platforms refuse the whole batch for it."""
    sources = metrics.make(20, platform)
    impossible = sources[3]
    with metrics.connect() as connection:
        connection.execute(
            "update private.metric_sources set reference = reference || '000000' where project_id = %s",
            (impossible.project,),
        )
    report = metrics.refresh()[platform]
    assert metrics.recorded(sources) == set(sources) - {impossible}
    assert (report["gone"], report["upstream_requests"]) == (1, 1)


LIMITS = [
    ("github", {"kind": "rate_limited", "status": 200, "reset_seconds": 600}, "rate_limited", 600),
    (
        "github",
        {"kind": "rate_limited", "status": 200, "code": "RATE_LIMIT", "reset_seconds": 600},
        "rate_limited",
        600,
    ),
    ("github", {"kind": "rate_limited", "status": 403, "reset_seconds": 600}, "rate_limited", 600),
    ("github", {"kind": "rate_limited", "status": 429, "reset_seconds": 600}, "rate_limited", 600),
    ("github", {"kind": "secondary_rate_limited", "status": 200, "retry_after": 300}, "rate_limited", 300),
    ("github", {"kind": "secondary_rate_limited", "status": 403, "retry_after": 300}, "rate_limited", 300),
    ("github", {"kind": "secondary_rate_limited", "status": 403, "retry_after": None}, "rate_limited", 60),
    ("github", {"kind": "secondary_rate_limited", "status": 429, "retry_after": 300}, "rate_limited", 300),
    ("github", {"kind": "bad_credentials"}, "rejected", DAY),
    ("twitter", {"kind": "rate_limited", "reset_seconds": 600}, "rate_limited", 600),
    ("twitter", {"kind": "usage_capped"}, "rate_limited", None),
    ("twitter", {"kind": "credits_depleted"}, "rate_limited", None),
    ("twitter", {"kind": "service_unavailable", "retry_after": 120}, "rate_limited", 120),
    ("twitter", {"kind": "bad_credentials"}, "rejected", DAY),
    ("twitter", {"kind": "client_forbidden"}, "rejected", DAY),
    ("linkedin", {"kind": "rate_limited"}, "rate_limited", None),
    ("linkedin", {"kind": "rate_limited", "scope": "MEMBER"}, "rate_limited", None),
    ("linkedin", {"kind": "service_unavailable", "retry_after": 120}, "rate_limited", 120),
    ("linkedin", {"kind": "bad_credentials", "reason": "expired"}, "rejected", DAY),
    ("linkedin", {"kind": "bad_credentials", "reason": "revoked"}, "rejected", DAY),
    ("linkedin", {"kind": "bad_credentials", "reason": "invalid"}, "rejected", DAY),
    ("linkedin", {"kind": "no_permission"}, "rejected", DAY),
    ("linkedin", {"kind": "version_sunset"}, "rejected", DAY // 24),
]


@pytest.mark.parametrize(("platform", "behaviour", "reason", "wait"), LIMITS, ids=name)
def test_a_platform_that_refuses_is_left_alone_until_its_time_and_the_others_are_not(
    metrics: Metrics, platform: str, behaviour: dict[str, Any], reason: str, wait: int | None
) -> None:
    refused = metrics.make(5, platform)
    served = [source for each in others(platform) for source in metrics.make(2, each)]
    metrics.behave(platform, OURS, behaviour)
    report = metrics.refresh()
    assert metrics.recorded(served) == set(served)
    assert metrics.recorded(refused) == set()
    assert metrics.count(platform) == 1
    done = report[platform]
    assert (done["recorded"], done["failed"], done["remaining"], done["stopped"]) == (0, 0, 5, reason)
    assert done["rate_limited"] == (5 if reason == "rate_limited" else 0)
    assert len(done["rejected_credentials"]) == (1 if reason == "rejected" else 0)
    budget = metrics.budget(platform)
    assert budget["reason"].partition(":")[0] == reason
    if wait:
        assert wait - 15 < budget["waits"] <= wait
    for source in refused:
        state = metrics.state(source)
        assert (state["due"], state["attempts"], state["lease_id"], state["state"]) == (True, 0, None, "active")

    again = metrics.refresh()[platform]
    assert (again["leased"], again["upstream_requests"], again["stopped"]) == (0, 0, reason)
    answer = metrics.get(refused[0])
    assert (answer["counts"], answer["stale"], answer["reason"]) == (None, True, reason)
    assert metrics.count(platform) == 1, "nobody asks before its time: no other run, no visitor"


@pytest.mark.parametrize(
    ("platform", "behaviour"),
    [
        *((platform, {"kind": kind}) for platform in ("github", "twitter", "linkedin")
          for kind in ("bad_gateway", "gateway_timeout", "malformed", "wrong_shape", "dropped")),
        ("github", {"kind": "query_timeout"}),
        ("twitter", {"kind": "service_unavailable"}),
        ("linkedin", {"kind": "service_unavailable"}),
        ("linkedin", {"kind": "server_error"}),
    ],
    ids=name,
)  # fmt: skip
def test_a_platform_that_is_down_leaves_the_others_untouched_and_is_left_alone(
    metrics: Metrics, platform: str, behaviour: dict[str, Any]
) -> None:
    down = metrics.make(40, platform)
    served = [source for each in others(platform) for source in metrics.make(2, each)]
    metrics.behave(platform, OURS, behaviour)
    report = metrics.refresh()
    assert metrics.recorded(served) == set(served)
    assert metrics.recorded(down) == set(), "a missing answer is no zero"
    done = report[platform]
    assert done["recorded"] == 0
    assert (done["stopped"], done["upstream_requests"]) == ("unavailable", 10)
    untouched = [source for source in down if metrics.state(source)["attempts"] == 0]
    assert len(untouched) >= 30
    assert all(metrics.state(source)["due"] for source in untouched[:3])

    asked = metrics.count(platform)
    assert metrics.refresh()[platform]["stopped"] == "unavailable"
    assert metrics.count(platform) == asked, "the breaker is open"
    with metrics.connect() as connection:
        connection.execute("update private.metric_budgets set not_before = now() where platform = %s", (platform,))
    metrics.refresh()
    assert metrics.count(platform) == asked + 1, "one request goes out as a probe"

    metrics.behave(platform, OURS)
    with metrics.connect() as connection:
        connection.execute("update private.metric_budgets set not_before = now() where platform = %s", (platform,))
    metrics.make_due()
    metrics.refresh()
    assert metrics.recorded(down) == set(down)
