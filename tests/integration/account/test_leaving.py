"""Two users with everything; one takes their data along and leaves."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import stripe

from tests.integration.account.conftest import BILLING
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.populated_users import Member, found, rows, tables
from tests.support.stack import Stack
from tests.support.vendors.sendgrid import Mail, running_mail
from tests.support.vendors.stripe import SDK_WARNING, Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

MakeMember = Callable[[], Member]

# Our tables without anything of a user's, each with its reason; all others must be in private.personal_data.
IMPERSONAL = {
    "private.cron_jobs": "the schedule",
    "private.daily_salts": "today's random salt",
    "private.daily_uses": "counts of today, under hashes that nobody can make again tomorrow",
    "private.deletion_tombstones": "hashes of ids that are gone, so that no restored backup brings them back",
    "private.design_spending": "sums of money by month",
    "private.job_runs": "runs of scheduled jobs",
    "private.metric_budgets": "our own credentials' budgets",
    "private.personal_data": "the list itself",
    "private.reserved_usernames": "names that nobody can take",
    "private.reconciliation_cursor": "how far reconciliation is",
    "private.state_limits": "thresholds",
    "private.stripe_account": "our own account at Stripe",
    "private.stripe_prices": "what prices were sold as",
    "private.usage_carryover": "what those who left used of today's share, by a hash; gone with the day",
    "public.plans": "what is sold",
    "public.storage_quotas": "how much a tier may store",
    "public.tier_limits": "what each tier may have",
    "public.templates": "the catalogue",
}
# Auth's and Storage's tables that name a user: by foreign keys, over any number of tables, or by a column's name.
NAMES_USERS = """
    with recursive keys as (
      select conrelid::regclass::text as relation, confrelid::regclass::text as target
      from pg_constraint where contype = 'f'
    ), reached (relation) as (
      select 'auth.users' union select keys.relation from keys join reached on keys.target = reached.relation
    ), named as (
      select table_schema || '.' || table_name as relation from information_schema.columns
      where column_name ~ '^(user_id|owner|owner_id|actor_id|for_email|email)$'
    )
    select distinct relation from (table reached union table named) as found
    where starts_with(relation, 'auth.') or (starts_with(relation, 'storage.') and relation <> 'storage.buckets')
"""


def test_every_table_is_exported_and_erased_or_impersonal(mail: Mail, member: MakeMember, stack: Stack) -> None:
    listed = {row["relation"]: row for row in rows(stack, "select * from private.personal_data")}
    theirs = {row["relation"] for row in rows(stack, NAMES_USERS)}
    assert theirs <= set(listed), "in private.personal_data, since a user is named there"
    for table in tables(stack):
        if not table.startswith(("auth.", "storage.")):
            assert (table in listed) != (table in IMPERSONAL), f"{table}: in private.personal_data, or why it is not"
    someone = member()
    archive = export(mail, someone)
    for relation, row in listed.items():
        exported = json.loads(archive.read(f"data/{row['source']}.json"))
        if relation in {"private.notification_suppressions", "private.account_deletions"}:
            continue
        assert exported, f"{row['source']}: the test's users have nothing there, so it would see nothing"
        schema, name = relation.split(".")
        columns = rows(
            stack,
            "select column_name from information_schema.columns where table_schema=%s and table_name=%s",
            schema,
            name,
        )
        assert set(exported[0]) == {column["column_name"] for column in columns} - set(row["secrets"]), relation


def call(mail: Mail, member: Member, name: str, **body: Any) -> httpx.Response:
    return mail.call(name, body, mail.stack.headers(member.user))


def export(mail: Mail, member: Member) -> zipfile.ZipFile:
    answer = call(mail, member, "exportAccount")
    assert answer.status_code == 200, answer.text
    (part,) = answer.json()["parts"]
    downloaded = plain_http.get(part["url"]).raise_for_status()
    assert len(downloaded.content) == part["size"] == answer.json()["size"]
    archive = zipfile.ZipFile(io.BytesIO(downloaded.content))
    assert archive.testzip() is None
    return archive


def leave(mail: Mail, member: Member) -> dict[str, Any]:
    answer = call(mail, member, "deleteAccount", username=member.user.username)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    for _ in range(30):
        if body["status"] == "done":
            break
        mail.call("continueAccountDeletions")
        body = mail.call("getAccountDeletion", {"receipt_id": body["receipt_id"]}).json()
    return body


def test_one_leaves_with_everything_and_the_other_keeps_everything(
    mail: Mail, member: MakeMember, stack: Stack, at_stripe: Stripe
) -> None:
    leaving, staying = member(), member()
    before = found(stack, staying.traces)

    archive = export(mail, leaving)
    for source in rows(stack, "select * from private.personal_data"):
        exported = json.loads(archive.read(f"data/{source['source']}.json"))
        query = f"select to_jsonb(t) - %s::text[] as row from {source['relation']} as t where " + source[
            "owned"
        ].replace("$1", "%s::uuid").replace("%s::uuid ||", "%s::uuid::text ||")
        values = [leaving.user.id] * source["owned"].count("$1")
        kept = [row["row"] for row in rows(stack, query, source["secrets"], *values)]
        if source["source"] in {"account_exports", "files", "notifications"}:
            continue  # they have changed by the export itself
        assert sorted(map(json.dumps, exported)) == sorted(map(json.dumps, kept)), source["source"]
        lines = list(csv.reader(io.StringIO(archive.read(f"data/{source['source']}.csv").decode())))
        assert len(lines) == (len(exported) + 1 if exported else 0)
    titles = [line["title"] for line in csv.DictReader(io.StringIO(archive.read("data/projects.csv").decode()))]
    assert "'=cmd|one" in titles
    files = [name for name in archive.namelist() if name.startswith("files/")]
    assert len(files) == 8
    assert all(archive.read(name).startswith(b"\x89PNG") for name in files)
    assert [row["status"] for row in mail.of(leaving.user, "data_export_ready")] != []

    done = leave(mail, leaving)
    assert (done["status"], done["waiting_for"]) == ("done", None)
    assert found(stack, leaving.traces) == {}
    assert found(stack, staying.traces) == before
    with pytest.raises(stripe.InvalidRequestError):
        at_stripe.sdk().v1.subscriptions.cancel(leaving.subscription)
    assert getattr(at_stripe.sdk().v1.customers.retrieve(leaving.customer), "deleted", False)
    assert at_stripe.sdk().v1.subscriptions.retrieve(staying.subscription).status == "active"
    goodbyes = [each for each in mail.messages(leaving.user.email) if "deleted" in each["subject"].lower()]
    assert len(goodbyes) == 1
    assert mail.messages(staying.user.email) == []
    for address in files:
        bucket, _, name = address.removeprefix("files/").partition("/")
        with stack.client("service") as service:
            url = f"/storage/v1/object/{bucket}/{leaving.user.id}/{name}"
            assert service.get(url).is_client_error


def test_stripe_down_deletes_nothing_and_says_so(
    mail: Mail, member: MakeMember, stack: Stack, cluster: TestCluster
) -> None:
    someone = member()
    before = found(stack, [str(someone.user.id)])
    away = {"STRIPE_API_URL": "http://127.0.0.1:9", "STRIPE_TIMEOUT": "1"}
    at_once = {"ACCOUNT_RETRY_SECONDS": "0", "ACCOUNT_RUN_SECONDS": "2"}
    with running_mail(stack, cluster, 1, **away, **at_once, **BILLING) as without:
        answer = call(without, someone, "deleteAccount", username=someone.user.username)
        waiting = answer.json()
        assert (waiting["status"], waiting["step"]) == ("running", "billing")
        assert waiting["waiting_for"] == "billing_unavailable"
        rows(stack, "update private.users set username = username || 'x' where id = %s", someone.user.id)
        again = call(without, someone, "deleteAccount", username=someone.user.username)
        assert (again.status_code, again.json()["receipt_id"]) == (200, waiting["receipt_id"]), "it is asked once"
        without.call("continueAccountDeletions")
        left = found(stack, [str(someone.user.id)])
        counted = {table: len(hits) for table, hits in before.items()}
        added = ("private.account_deletions", "private.former_usernames")
        assert {table: len(hits) for table, hits in left.items()} == counted | {
            table: counted.get(table, 0) + 1 for table in added
        }
    state: dict[str, Any] = {}
    for _ in range(20):
        mail.call("continueAccountDeletions")
        state = mail.call("getAccountDeletion", {"receipt_id": waiting["receipt_id"]}).json()
        if state["status"] == "done":
            break
    assert state.get("status") == "done"
    assert found(stack, someone.traces) == {}


def test_leaving_asks_for_the_name_and_a_recent_sign_in(mail: Mail, member: MakeMember, stack: Stack) -> None:
    someone, other = member(), member()
    for typed in ("", someone.user.username.upper(), other.user.username):
        answer = call(mail, someone, "deleteAccount", username=typed)
        assert (answer.status_code, answer.json()["code"]) == (422, "wrong_username")
    rows(stack, "update auth.users set last_sign_in_at = now() - interval '16 minutes' where id = %s", someone.user.id)
    answer = call(mail, someone, "deleteAccount", username=someone.user.username)
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_again")
    rows(stack, "update auth.users set last_sign_in_at = null where id = %s", someone.user.id)
    assert call(mail, someone, "deleteAccount", username=someone.user.username).status_code == 403
    assert rows(stack, "select 1 from private.account_deletions where user_id = %s", someone.user.id) == []
    assert mail.call("deleteAccount", {"username": "x"}).status_code == 403
    assert call(mail, someone, "continueAccountDeletions").status_code == 403


def test_a_grace_period_can_be_used_to_stay(mail: Mail, member: MakeMember, stack: Stack, cluster: TestCluster) -> None:
    someone = member()
    with running_mail(stack, cluster, 1, ACCOUNT_GRACE_SECONDS="3600", **BILLING) as patient:
        asked = call(patient, someone, "deleteAccount", username=someone.user.username).json()
        again = call(patient, someone, "deleteAccount", username=someone.user.username).json()
        assert asked == again
        assert asked["status"] == "scheduled"
        patient.call("continueAccountDeletions")
        assert call(patient, someone, "cancelAccountDeletion").json()["status"] == "canceled"
        assert call(patient, someone, "cancelAccountDeletion").status_code == 409
    assert rows(stack, "select 1 from private.users where id = %s", someone.user.id) != []
    receipt = rows(
        stack, "select user_id, stripe_ids from private.account_deletions where id = %s", asked["receipt_id"]
    )
    assert receipt == [{"user_id": None, "stripe_ids": []}]


def test_a_receipt_tells_nothing_about_the_user(mail: Mail, member: MakeMember) -> None:
    someone = member()
    body = leave(mail, someone)
    reported = mail.call("getAccountDeletion", {"receipt_id": body["receipt_id"]}, {}).text
    assert not any(trace in reported for trace in someone.traces)
    unknown = mail.call("getAccountDeletion", {"receipt_id": "00000000-0000-4000-8000-000000000000"}, {})
    assert unknown.status_code == 404
