"""`watchSystem`: what is not well is reported to the log and to Sentry, in the words that the alerts wait for."""

import json
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from local.settings import ROOT
from tests.integration.monitoring.conftest import Watch
from tests.support.stack import Stack
from tests.support.users import User

DISPUTE = "du_of_this_test"


@pytest.fixture
def disputed(stack: Stack) -> Iterator[None]:
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        connection.execute(
            "insert into private.billing_findings (kind, subject) values ('charge_disputed', %s)", (DISPUTE,)
        )
        yield
        connection.execute("delete from private.billing_findings where subject = %s", (DISPUTE,))


def field(line: dict[str, Any], path: str) -> object:
    found: Any = line
    for name in path.split("."):
        found = found[name]
    return found


@pytest.mark.usefixtures("disputed")
def test_an_alert_is_told_in_the_words_that_the_policies_wait_for(stack: Stack, watch: Watch) -> None:
    watched = watch("words")
    answer = watched.post("watchSystem", {}, headers=stack.headers("service")).json()
    assert answer["alert"] >= 1
    assert "billing_findings" in {line["item"] for line in answer["lines"] if line["verdict"] == "alert"}
    watched.end()
    lines = [json.loads(line) for line in watched.log.read_text().splitlines()]
    (reported,) = [line for line in lines if line.get("system", {}).get("item") == "billing_findings"]
    metric = json.loads((ROOT / "docs" / "operations" / "monitoring" / "system_alerts.metric.json").read_text())
    for path, value in re.findall(r'jsonPayload\.([\w.]+)="([^"]+)"', metric["filter"]):
        assert field(reported, path) == value
    for extractor in metric["labelExtractors"].values():
        assert isinstance(field(reported, extractor.removeprefix("EXTRACT(jsonPayload.").rstrip(")")), str)
    assert [line["message"] for line in lines].count("system watched") == 1, "the heartbeat of nobody_watches"
    reported = [event["exception"]["values"][-1] for event in watched.envelopes.of("event")]
    assert ("SystemAlert", "billing_findings") in {(value["type"], value["value"]) for value in reported}
    assert DISPUTE not in watched.log.read_text()


def test_only_services_may_watch(stack: Stack, user: User) -> None:
    for caller, status in ((user, 403), ("anon", 401)):
        with stack.client(caller) as client:  # type: ignore[arg-type]
            assert client.post("/functions/v1/watchSystem", json={}).status_code == status
