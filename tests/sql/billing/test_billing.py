"""The ledger of Stripe's events, the order of versions, and the table of tiers."""

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.sql.acting import ADA, GRACE, Connection, acting_as, superuser

GRACE_SECONDS = 7 * 86_400
REFERENCE = {"kind": "subscription", "object_id": "sub_1", "emails": []}


def call(connection: Connection, name: str, *arguments: Any) -> Any:
    marks = ", ".join("%s" for _ in arguments)
    given = [Jsonb(each) if isinstance(each, dict | list) else each for each in arguments]
    row = connection.execute(f"select public.{name}({marks}) as answer".encode(), given).fetchone()
    assert row is not None
    return row["answer"]


def subscription(identity: str = "sub_1", user: UUID = GRACE, **given: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "customer_id": f"cus_{user.hex[-4:]}",
        "user_id": str(user),
        "status": "active",
        "items": [{"price_id": "price_pro_monthly", "lookup_key": None}],
        "current_period_end": 1_900_000_000,
        "cancel_at": None,
        "created": 1_800_000_000,
        "past_due_since": None,
        **given,
    }


def apply(connection: Connection, version: int, **given: Any) -> Any:
    return call(connection, "apply_stripe_subscription", version, subscription(**given), GRACE_SECONDS)


def tier(connection: Connection, user: UUID = GRACE) -> str:
    row = connection.execute("select tier from public.users where id = %s", (user,)).fetchone()
    assert row is not None
    return str(row["tier"])


@pytest.mark.parametrize(
    ("status", "owed_for_days", "gives"),
    [
        ("active", None, "paid"),
        ("trialing", None, "paid"),
        ("past_due", 1, "paid"),
        ("past_due", 8, "free"),
        ("incomplete", None, "free"),
        ("incomplete_expired", None, "free"),
        ("unpaid", None, "free"),
        ("paused", None, "free"),
        ("canceled", None, "free"),
    ],
)
def test_the_table_of_tiers(untouched_database: str, status: str, owed_for_days: int | None, gives: str) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        row = connection.execute("select extract(epoch from now())::bigint as now").fetchone()
        assert row is not None
        since = row["now"] - owed_for_days * 86_400 if owed_for_days else None
        assert apply(connection, 10**9, status=status, past_due_since=since)["tier"] == gives
        assert tier(connection) == gives


def test_an_unchanged_row_is_not_written_and_still_counts_as_newer(untouched_database: str) -> None:
    query = "select ctid::text as place, price_amount from public.subscriptions where stripe_id = 'sub_1'"
    with acting_as(untouched_database, "service_role") as connection:
        apply(connection, 20, price={"amount": 900})
        before = connection.execute(query).fetchone()
        same = apply(connection, 22, price={"amount": 900})
        assert (same["outcome"], same["changed"]) == ("applied", [])
        assert connection.execute(query).fetchone() == before
        assert apply(connection, 21, price={"amount": 100})["outcome"] == "stale"
        assert apply(connection, 23, price={"amount": 1900})["changed"] == ["price_amount"]
        after = connection.execute(query).fetchone()
    assert before is not None
    assert after is not None
    assert (before["price_amount"], after["price_amount"]) == (900, 1900)
    assert before["place"] != after["place"]


def test_only_a_higher_version_changes_a_row(untouched_database: str) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        assert apply(connection, 20)["changed"] == ["created"]
        assert apply(connection, 19, status="canceled")["outcome"] == "stale"
        assert apply(connection, 20, status="canceled")["outcome"] == "stale"
        assert tier(connection) == "paid"
        assert apply(connection, 21)["changed"] == []
        answer = apply(connection, 22, status="canceled", cancel_at=1_900_000_000)
        assert (answer["outcome"], answer["changed"]) == ("applied", ["cancel_at", "status", "tier"])
        assert tier(connection) == "free"


def test_the_tier_is_of_all_subscriptions_together(untouched_database: str) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        apply(connection, 1)
        apply(connection, 2, identity="sub_2")
        assert apply(connection, 3, status="canceled")["tier"] == "paid"
        assert apply(connection, 4, identity="sub_2", status="unpaid")["tier"] == "free"


def test_the_next_unpaid_invoice_does_not_begin_another_grace(untouched_database: str) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        apply(connection, 1, status="past_due", past_due_since=1_700_000_000)
        apply(connection, 2, status="past_due", past_due_since=1_900_000_000)
        row = connection.execute("select * from public.subscriptions where stripe_id = 'sub_1'").fetchone()
        assert row is not None
        assert row["past_due_since"].timestamp() == 1_700_000_000
        assert tier(connection) == "free"
        apply(connection, 3)
        apply(connection, 4, status="past_due", past_due_since=1_900_000_000)
        assert tier(connection) == "paid"


def test_a_grace_ends_by_time_alone(untouched_database: str) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        apply(connection, 1, status="past_due", past_due_since=1_900_000_000)
        assert call(connection, "end_grace") == 0
        connection.execute("update public.subscriptions set grace_until = now() where stripe_id = 'sub_1'")
        assert call(connection, "end_grace") == 1
        assert tier(connection) == "free"
        assert call(connection, "end_grace") == 0
        assert tier(connection, ADA) == "paid"


def test_an_event_is_leased_once_until_it_fails_or_its_time_is_over(untouched_database: str) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        first = call(connection, "record_stripe_event", "evt_1", "invoice.paid", REFERENCE, 60)
        assert first["state"] == "leased"
        again = call(connection, "record_stripe_event", "evt_1", "invoice.paid", REFERENCE, 60)
        assert again == {"state": "in_progress", "seconds": 60}
        call(connection, "fail_stripe_event", "evt_1", first["version"] + 1, "not mine")
        assert call(connection, "record_stripe_event", "evt_1", "invoice.paid", REFERENCE, 60)["state"] == "in_progress"
        call(connection, "fail_stripe_event", "evt_1", first["version"], "x" * 9999)
        second = call(connection, "record_stripe_event", "evt_1", "invoice.paid", REFERENCE, 60)
        assert second["version"] > first["version"]
        connection.execute("update private.stripe_events set leased_until = now() where id = 'evt_1'")
        third = call(connection, "record_stripe_event", "evt_1", "invoice.paid", REFERENCE, 60)
        assert third["version"] > second["version"]
        call(connection, "apply_stripe_subscription", third["version"], subscription(), GRACE_SECONDS, "evt_1", [])
        assert call(connection, "record_stripe_event", "evt_1", "invoice.paid", REFERENCE, 60)["state"] == "processed"
        row = connection.execute("select * from private.stripe_events where id = 'evt_1'").fetchone()
        assert row is not None
        assert (row["attempts"], row["outcome"], row["error"]) == (3, "applied", None)


def test_emails_are_queued_once_and_also_by_a_stale_version(untouched_database: str) -> None:
    email = {"type": "payment_failed", "dedupe_key": "in_1:1", "payload": {"amount": 900}}
    query = "select type, dedupe_key, payload from public.notifications where user_id = %s and type = 'payment_failed'"
    with acting_as(untouched_database, "service_role") as connection:
        apply(connection, 5)
        for version in (4, 4, 6):
            call(connection, "apply_stripe_subscription", version, subscription(), GRACE_SECONDS, None, [email])
        assert connection.execute(query, (GRACE,)).fetchall() == [
            {"type": "payment_failed", "dedupe_key": "in_1:1", "payload": {"amount": 900, "plan": "pro_monthly"}}
        ]


def test_a_customer_is_one_users_and_the_first_one_counts(untouched_database: str) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        assert call(connection, "link_stripe_customer", GRACE, "cus_a") == "cus_a"
        assert call(connection, "link_stripe_customer", GRACE, "cus_b") == "cus_a"
        assert call(connection, "get_billing_account", GRACE)["generation"] == 0
        call(connection, "unlink_stripe_customer", "cus_b")
        call(connection, "unlink_stripe_customer", "cus_a")
        account = call(connection, "get_billing_account", GRACE, "pro_yearly")
        assert (account["customer_id"], account["generation"]) == (None, 2)
        assert (account["price_id"], account["lookup_key"]) == ("price_pro_yearly", "pro_yearly")
        assert call(connection, "link_stripe_customer", GRACE, "cus_c") == "cus_c"
        assert call(connection, "get_billing_account", uuid4()) is None
        with pytest.raises(psycopg.errors.UniqueViolation):
            call(connection, "link_stripe_customer", ADA, "cus_c")


def test_a_page_is_applied_by_the_run_that_is_furthest(untouched_database: str) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        walk = call(connection, "begin_reconciliation", True)
        assert (walk["phase"], walk["reached"]) == ("subscriptions", None)
        page = [subscription(), subscription("sub_2", status="canceled")]
        first = call(connection, "reconcile_stripe_page", walk["version"], page, None, "sub_2", GRACE_SECONDS)
        assert [each["subscription"] for each in first["repaired"]] == ["sub_1", "sub_2"]
        assert first["version"] > walk["version"]
        late = call(connection, "reconcile_stripe_page", walk["version"], page, None, "sub_9", GRACE_SECONDS)
        assert late == {"state": "overtaken"}
        assert call(connection, "begin_reconciliation")["reached"] == "sub_2"
        call(connection, "finish_reconciliation")
        assert call(connection, "begin_reconciliation")["reached"] == "sub_2", "only a whole walk can be finished"
        call(connection, "reconcile_stripe_page", first["version"], [], "sub_2", None, GRACE_SECONDS)
        assert call(connection, "list_missing_subscriptions", None, 9) == ["sub_demo_ada"]
        call(connection, "finish_reconciliation")
        assert call(connection, "begin_reconciliation") | {"version": 0} == {
            "phase": "subscriptions",
            "reached": None,
            "version": 0,
        }


def test_a_plan_is_sold_at_its_newest_price_and_may_have_had_many(untouched_database: str) -> None:
    with superuser(untouched_database) as connection, connection.transaction(force_rollback=True):
        add = (
            "insert into public.plans (plan, price_id, tier, offered, created_at) "
            "values ('pro_monthly', %s, 'paid', %s, %s)"
        )
        connection.execute(add, ("price_of_2099", True, "2099-01-01"))
        connection.execute(add, ("price_of_2100", False, "2100-01-01"))
        assert call(connection, "get_billing_account", GRACE, "pro_monthly")["price_id"] == "price_of_2099"


def test_everybody_sees_what_is_sold_and_nobody_else_what_one_pays(untouched_database: str) -> None:
    for role, user in (("anon", None), ("authenticated", GRACE)):
        with acting_as(untouched_database, role, user) as connection:
            rows = connection.execute("select plan from public.plans order by plan").fetchall()
            assert [row["plan"] for row in rows] == ["pro_monthly", "pro_yearly"]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("update public.plans set tier = 'free'")
    with acting_as(untouched_database, "authenticated", GRACE) as connection:
        assert connection.execute("select from public.subscriptions").rowcount == 0
