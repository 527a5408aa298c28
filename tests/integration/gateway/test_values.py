"""Values and errors of the data API are a hosted project's."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from local.settings import Settings
from local.stack.services import gateway
from tests.support import plain_http
from tests.support.cluster import PLATFORM, TestCluster
from tests.support.servers import running_services
from tests.support.sign_in import register, signed_in
from tests.support.stack import Stack, free_settings
from tests.support.users import User, access_token

NO_NOISE = pytest.mark.filterwarnings("ignore:The '.*' parameter is deprecated:DeprecationWarning")

PROBES: LiteralString = """
create table public.probe (
  id int generated always as identity primary key, data jsonb, note text, at timestamptz, n numeric,
  flag boolean, day date, bytes bytea
);
grant select, insert, update, delete on public.probe to anon;
create function public.echo(payload jsonb) returns jsonb language sql as
  $$ select jsonb_build_object('type', jsonb_typeof(payload), 'value', payload) $$;
create function public.fail(state text) returns void language plpgsql as
  $$ begin raise exception 'made to fail' using errcode = state, detail = 'why', hint = 'try again'; end $$;
"""

SCALARS = [5, 1.5, True, False, "five", "5", "true", "null", '"quoted"', "[1]", '{"a": 1}', ""]
VALUES = [*SCALARS, {"a": [1]}, {}, [], [True], [1], ["x"], [{}]]


@dataclass(frozen=True)
class Probe:
    """A gateway over a database that has a table and two functions for these tests, and nothing else."""

    settings: Settings
    database_url: str

    def client(self, user: UUID | None = None) -> httpx.Client:
        key = self.settings.supabase_publishable_key
        headers = {"apikey": key, "Prefer": "return=representation"}
        if user:
            token = access_token(self.settings.supabase_jwt_secret, f"{self.settings.gateway_url}/auth/v1", user)
            headers["Authorization"] = f"Bearer {token}"
        return plain_http.Client(base_url=self.settings.gateway_url, headers=headers)


@pytest.fixture(scope="module")
def probe(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probe]:
    settings = free_settings(tmp_path_factory.mktemp("gateway"))
    settings.logs.mkdir()
    with cluster.copy(PLATFORM) as url:
        with psycopg.connect(url) as connection:
            connection.execute(PROBES)
        with running_services([gateway(settings, url)], settings.logs, belongs_to=cluster.folder):
            yield Probe(settings, url)


@pytest.mark.parametrize("value", VALUES, ids=json.dumps)
def test_json_is_stored_and_passed_as_it_is_sent(probe: Probe, value: object) -> None:
    with probe.client() as anon:
        stored = anon.post("/rest/v1/probe", json={"data": value}).json()[0]
        assert stored["data"] == value
        assert type(stored["data"]) is type(value)
        several = anon.post("/rest/v1/probe", json=[{"data": value}, {"data": [value]}]).json()
        assert [row["data"] for row in several] == [value, [value]]
        changed = anon.patch(f"/rest/v1/probe?id=eq.{stored['id']}", json={"data": {"in": value}}).json()[0]
        assert changed["data"] == {"in": value}
        echoed = anon.post("/rest/v1/rpc/echo", json={"payload": value}).json()
        assert echoed["value"] == value


@pytest.mark.parametrize("value", [5, True, {"a": 1}, ["x"]], ids=json.dumps)
def test_what_is_no_text_is_stored_in_text_as_json(probe: Probe, value: object) -> None:
    with probe.client() as anon:
        stored = anon.post("/rest/v1/probe", json={"note": value}).json()[0]
        assert json.loads(stored["note"]) == value


TEXTS = [
    "true", "FALSE", "null", "not_null", "unknown", "123456789012345678901", "007", "1.0", "1e3", "-5", " padded ",
    "a,b", "(a)", "{a}", '{"a": 1}', '"quoted"', 'one"quote', "back\\slash", "", "NaN", "Infinity", "and(x)", "a.b",
    "deadbeef",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_filter_compares_text_as_it_is_written(probe: Probe, text: str) -> None:
    other = f"{text} and more"
    with probe.client() as anon:
        rows = anon.post(
            "/rest/v1/probe", json=[{"note": text, "data": {"at": text}}, {"note": other, "data": None}]
        ).json()
        ids = [str(row["id"]) for row in rows]
        ours = {"id": f"in.({','.join(ids)})", "select": "note"}

        def found(**asked: str) -> list[str]:
            answer = anon.get("/rest/v1/probe", params={**ours, **asked})
            assert answer.status_code == 200, answer.text
            return [row["note"] for row in answer.json()]

        listed = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        assert found(note=f"eq.{text}") == [text]
        assert found(note=f"neq.{text}") == [other]
        assert found(note=f"not.eq.{text}") == [other]
        assert found(note=f"gt.{text}") == [other]
        assert found(note=f"in.({listed},nothing)") == [text]
        assert found(**{"data->>at": f"eq.{text}"}) == [text]
        # A list of nothing but an empty text is an empty list, in quotes too.
        expected = [text] if text else []
        assert found(**{"or": f"(note.in.({listed}),and(note.is.null,id.gt.0))"}) == expected


@pytest.mark.parametrize("text", ["true", "null", "123456789012345678901", "007", "1.0"])
def test_what_stands_without_quotes_is_text_too(probe: Probe, text: str) -> None:
    with probe.client() as anon:
        row = anon.post("/rest/v1/probe", json={"note": text}).json()[0]
        for asked in (
            {"note": f"in.({text},nothing)"},
            {"or": f"(note.eq.{text},note.in.(nothing))"},
            {"not.or": f"(note.neq.{text},id.lt.0)"},
            {"and": f"(or(note.eq.{text},note.eq.nothing),id.eq.{row['id']})"},
        ):
            answer = anon.get("/rest/v1/probe", params={**asked, "id": f"eq.{row['id']}"})
            assert answer.status_code == 200, answer.text
            assert [found["id"] for found in answer.json()] == [row["id"]], asked


def test_other_types_are_compared_by_their_own_rules(probe: Probe) -> None:
    large = "123456789012345678901.5"
    with psycopg.connect(probe.database_url) as connection:
        made = connection.execute(
            "insert into public.probe (n, at) values (%s, '2026-11-22T10:00:00Z') returning id", (large,)
        ).fetchone()
    assert made is not None
    same = {"id": f"eq.{made[0]}"}
    with probe.client() as anon:
        assert len(anon.get("/rest/v1/probe", params={**same, "n": f"eq.{large}"}).json()) == 1
        assert anon.get("/rest/v1/probe", params={**same, "n": f"gt.{large}"}).json() == []
        assert len(anon.get("/rest/v1/probe", params={**same, "at": "lt.2026-11-22T10:00:01Z"}).json()) == 1
        assert anon.get("/rest/v1/probe", params={"id": "eq.one"}).status_code == 400
        assert anon.get("/rest/v1/probe", params={"id": "eq.null"}).status_code == 400


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"flag": "eq.true"}, "yes"),
        ({"flag": "eq.t"}, "yes"),
        ({"flag": "eq.on"}, "yes"),
        ({"flag": "eq.false"}, "no"),
        ({"flag": "neq.true"}, "no"),
        ({"flag": "not.eq.true"}, "no"),
        ({"flag": "gt.false"}, "yes"),
        ({"flag": "is.true"}, "yes"),
        ({"flag": "in.(true)"}, "yes"),
        ({"flag": "in.(true,false)"}, "yes no"),
        ({"or": "(flag.eq.true,flag.is.null)"}, "yes none"),
        ({"and": "(flag.neq.true,note.neq.x)"}, "no"),
        ({"day": "eq.2999-12-31"}, "yes"),
        ({"day": "lt.today"}, "no"),
        ({"day": "lt.infinity"}, "yes no"),
        ({"bytes": "eq.\\x00ff"}, "yes"),
    ],
    ids=str,
)
def test_booleans_dates_and_bytes_are_compared_as_what_they_are(
    probe: Probe, asked: dict[str, str], found: str
) -> None:
    days = {"yes": "2999-12-31", "no": "1999-12-31"}
    with probe.client() as anon:
        for name, flag in (("yes", True), ("no", False), ("none", None)):
            ours = {"note": name, "flag": flag, "day": days.get(name), "bytes": "\\x00ff" if flag else None}
            stored = anon.post("/rest/v1/probe", json=ours).json()[0]
            assert {key: stored[key] for key in ours} == ours
            assert anon.patch(f"/rest/v1/probe?id=eq.{stored['id']}", json=ours).json()[0] == stored
            assert anon.get(f"/rest/v1/probe?id=eq.{stored['id']}").json() == [stored]
        rows = anon.get("/rest/v1/probe", params={"note": "in.(yes,no,none)", **asked}).json()
        assert {row["note"] for row in rows} == set(found.split())


@pytest.mark.parametrize("asked", [{"flag": "eq.maybe"}, {"day": "eq.someday"}, {"day": "eq.2026-13-01"}], ids=str)
def test_what_is_no_value_of_its_type_is_a_bad_request(probe: Probe, asked: dict[str, str]) -> None:
    with probe.client() as anon:
        answer = anon.get("/rest/v1/probe", params=asked)
    assert (answer.status_code, answer.json()["code"]) in {(400, "22P02"), (400, "22007"), (400, "22008")}


def test_only_rows_with_that_boolean_are_changed_or_deleted(probe: Probe) -> None:
    name = f"kept {uuid4()}"
    with probe.client() as anon:
        anon.post("/rest/v1/probe", json=[{"note": name, "flag": True}, {"note": name, "flag": False}])
        ours = {"note": f"eq.{name}", "flag": "eq.true"}
        changed = anon.patch("/rest/v1/probe", params=ours, json={"n": 1}).json()
        assert [row["flag"] for row in changed] == [True]
        removed = anon.delete("/rest/v1/probe", params=ours).json()
        assert [row["flag"] for row in removed] == [True]


@pytest.mark.parametrize("kind", ["exact", "estimated"])
def test_counts_are_of_the_rows_that_there_are(probe: Probe, kind: str) -> None:
    name = f"counted {uuid4()}"
    with probe.client() as anon:
        anon.post("/rest/v1/probe", json=[{"note": name}] * 23)
        asked = {"note": f"eq.{name}", "limit": "2"}
        for method in ("GET", "HEAD"):
            answer = anon.request(method, "/rest/v1/probe", params=asked, headers={"Prefer": f"count={kind}"})
            assert (answer.status_code, answer.headers["content-range"]) == (206, "0-1/23"), method


def test_null_stays_null(probe: Probe) -> None:
    with probe.client() as anon:
        row = anon.post("/rest/v1/probe", json={"data": None}).json()[0]
        assert anon.get(f"/rest/v1/probe?id=eq.{row['id']}&data=is.null").json() == [row]


@NO_NOISE
def test_what_google_says_is_an_object_in_the_database(stack: Stack) -> None:
    sub = register(stack, email="object@example.com", name="An Object")
    with signed_in(stack, sub), psycopg.connect(stack.database_url) as connection:
        kinds = connection.execute(
            """
            select jsonb_typeof(raw_user_meta_data), jsonb_typeof(raw_app_meta_data), jsonb_typeof(identity_data)
            from auth.users join auth.identities on user_id = users.id where provider_id = %s
            """,
            (sub,),
        ).fetchone()
    assert kinds == ("object", "object", "object")


@pytest.mark.parametrize(
    "written", ["2026-11-22T10:34:46.31+00:00", "2026-11-22T12:00:00+05:30", "1999-12-31T23:59:59Z"]
)
def test_timestamps_are_iso_8601(probe: Probe, written: str) -> None:
    with probe.client() as anon:
        row = anon.post("/rest/v1/probe", json={"at": written}).json()[0]
        assert "T" in row["at"]
        assert datetime.fromisoformat(row["at"]) == datetime.fromisoformat(written)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("08006", 503), ("0A000", 400), ("0L000", 403), ("21000", 500), ("22001", 400), ("22023", 400), ("22P02", 400),
        ("23502", 400), ("23503", 409), ("23505", 409), ("23514", 400), ("25000", 500), ("25006", 405), ("28000", 403),
        ("40001", 500), ("42501", 401), ("42703", 400), ("42883", 404), ("42P01", 404), ("42P17", 500), ("53100", 503),
        ("53400", 500), ("54000", 500), ("55000", 500), ("57014", 500), ("58000", 500), ("HV000", 500), ("P0001", 400),
        ("P0002", 500), ("PT402", 402), ("PT503", 503), ("PTXXX", 500), ("XX000", 500), ("ZZ999", 400),
    ],
)  # fmt: skip
def test_database_errors_have_postgrests_statuses(probe: Probe, state: str, status: int) -> None:
    with probe.client() as anon:
        answer = anon.post("/rest/v1/rpc/fail", json={"state": state})
    assert answer.status_code == status
    body = answer.json()
    assert set(body) == {"code", "message", "details", "hint"}
    if state != "42P01":  # the schema cache answers in its place
        assert (body["code"], body["message"]) == (state, "made to fail")


def test_who_has_signed_in_is_forbidden_and_who_has_not_is_unauthorised(probe: Probe) -> None:
    for user, status in ((None, 401), (uuid4(), 403)):
        with probe.client(user) as client:
            assert client.post("/rest/v1/rpc/fail", json={"state": "42501"}).status_code == status


def test_a_violated_check_is_a_bad_request(owner: httpx.Client, user: User) -> None:
    wrong = {"user_id": str(user.id), "title": "x", "status": "nonsense"}
    answer = owner.post("/rest/v1/projects", json=wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "23514")
    answer = owner.post("/rest/v1/projects", json={"user_id": str(user.id), "title": None})
    assert (answer.status_code, answer.json()["code"]) == (400, "23502")


def test_a_new_table_is_served_once_the_schema_is_told_to_be_reloaded(probe: Probe) -> None:
    with psycopg.connect(probe.database_url, autocommit=True) as connection, probe.client() as anon:
        assert anon.get("/rest/v1/made_later").json()["code"] == "PGRST205"
        connection.execute("create table public.made_later (id int)")
        connection.execute("notify pgrst, 'reload schema'")
        deadline = time.monotonic() + 10
        while not (answer := anon.get("/rest/v1/made_later")).is_success:
            assert time.monotonic() < deadline
        assert answer.json() == []
