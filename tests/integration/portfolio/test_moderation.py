"""Reports of projects, and what operators do about them."""

import uuid

import httpx
import psycopg
import pytest

from tests.integration.portfolio.conftest import Visit, change, rpc
from tests.support.stack import Stack
from tests.support.users import User


def reports(service: httpx.Client, project: str) -> list[dict[str, object]]:
    query = f"project_id=eq.{project}&select=reason,details,reporter_id,closed_at&order=created_at"
    rows: list[dict[str, object]] = service.get(f"/rest/v1/project_reports?{query}").json()
    return rows


def moderate(service: httpx.Client, project: str, action: str, reason: str = "It is spam.") -> httpx.Response:
    return rpc(service, "moderate_project", project_id=project, action=action, operator="Olga", reason=reason)


def test_anybody_reports_and_operators_alone_read(
    visit: Visit, owner: httpx.Client, other: httpx.Client, service: httpx.Client, stack: Stack, project: str
) -> None:
    user = stack.make_user()
    assert rpc(visit(), "report_project", project_id=project, reason="spam", details=" Buy! ").status_code == 204
    assert rpc(visit(user), "report_project", project_id=project, reason="copyright").status_code == 204
    assert [(row["reason"], row["details"], row["reporter_id"]) for row in reports(service, project)] == [
        ("spam", "Buy!", None),
        ("copyright", None, str(user.id)),
    ]
    for client in (owner, other):
        assert client.get("/rest/v1/project_reports").status_code == 403
        assert client.get("/rest/v1/moderation_actions").status_code == 403
        assert moderate(client, project, "hide").status_code == 403


def test_the_same_reporter_counts_once_a_day_and_reports_twenty(
    visit: Visit, service: httpx.Client, project: str
) -> None:
    client = visit()
    answers = [rpc(client, "report_project", project_id=project, reason="spam") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [204] * 20 + [429]
    assert len(reports(service, project)) == 1


def test_a_report_names_a_reason_of_the_list_and_a_project_that_is_seen(
    visit: Visit, owner: httpx.Client, project: str
) -> None:
    bad = rpc(visit(), "report_project", project_id=project, reason="dislike")
    assert (bad.status_code, bad.json()["code"]) == (400, "23514")
    assert rpc(visit(), "report_project", project_id=str(uuid.uuid4()), reason="spam").status_code == 404
    change(owner, project, status="draft")
    assert rpc(visit(), "report_project", project_id=project, reason="spam").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [("reason", "dislike"), ("reason", None), ("details", "x" * 2001)],
    ids=["reason", "none", "long"],
)
def test_a_repeated_report_is_refused_as_the_first_is(
    visit: Visit, service: httpx.Client, project: str, field: str, value: str | None
) -> None:
    client, good = visit(), {"project_id": project, "reason": "spam"}
    first = rpc(client, "report_project", **good | {field: value})
    rpc(client, "report_project", **good).raise_for_status()
    repeated = rpc(client, "report_project", **good | {field: value})
    assert (repeated.status_code, repeated.json()["message"]) == (400, first.json()["message"])
    assert len(reports(service, project)) == 1


def test_a_hidden_project_is_seen_by_its_owner_alone_who_reads_why(
    visit: Visit,
    owner: httpx.Client,
    other: httpx.Client,
    anon: httpx.Client,
    service: httpx.Client,
    user: User,
    project: str,
) -> None:
    rpc(visit(), "report_project", project_id=project, reason="spam").raise_for_status()
    token = rpc(owner, "create_project_preview", project_id=project).json()["token"]
    assert moderate(service, project, "hide").status_code == 204
    for client in (anon, other):
        assert client.get(f"/rest/v1/projects?id=eq.{project}").json() == []
        assert rpc(client, "find_page", username=user.username, slug=project).json() is None
        assert rpc(client, "get_project_page", project_id=project).json() is None
        assert rpc(client, "get_project_preview", token=token).json() is None
        card = client.get(f"/functions/v1/metricsCard?project_id={project}")
        assert card.status_code == 404
        found = rpc(client, "search_projects", limit=100).json()["projects"]
        assert project not in {one["id"] for one in found}
    (own,) = owner.get(f"/rest/v1/projects?id=eq.{project}").json()
    assert (own["status"], own["hidden_reason"]) == ("published", "It is spam.")
    assert own["hidden_at"] is not None
    back = change(owner, project, **(own | {"hidden_at": None, "hidden_reason": None})).json()
    assert back[0]["hidden_reason"] == "It is spam.", "only operators unhide"
    assert reports(service, project)[0]["closed_at"] is not None

    assert moderate(service, project, "unhide", "A mistake.").status_code == 204
    assert len(anon.get(f"/rest/v1/projects?id=eq.{project}").json()) == 1
    actions = service.get(f"/rest/v1/moderation_actions?project_id=eq.{project}&select=action,operator,reason").json()
    assert sorted(action["action"] for action in actions) == ["hide", "unhide"]
    assert {action["operator"] for action in actions} == {"Olga"}


def test_dismissing_closes_the_reports_and_hides_nothing(
    visit: Visit, anon: httpx.Client, service: httpx.Client, project: str
) -> None:
    rpc(visit(), "report_project", project_id=project, reason="other").raise_for_status()
    assert moderate(service, project, "dismiss", "Nothing is wrong.").status_code == 204
    assert reports(service, project)[0]["closed_at"] is not None
    assert len(anon.get(f"/rest/v1/projects?id=eq.{project}").json()) == 1


def test_an_action_needs_an_operator_a_reason_and_a_project(service: httpx.Client, project: str, stack: Stack) -> None:
    wrong = {"project_id": project, "action": "hide", "operator": "Olga", "reason": "Spam."}
    for name, value in (("action", "delete"), ("operator", ""), ("operator", None), ("reason", "")):
        assert rpc(service, "moderate_project", **(wrong | {name: value})).status_code == 400
    assert moderate(service, str(uuid.uuid4()), "hide").status_code == 404
    with psycopg.connect(stack.database_url) as connection:
        kept = connection.execute("select hidden_at from projects where id = %s", (project,)).fetchone()
    assert kept == (None,)


def test_actions_outlive_their_project_without_the_reasons(
    visit: Visit, owner: httpx.Client, service: httpx.Client, project: str
) -> None:
    kept = "select=id,action,operator,created_at&order=created_at"
    assert moderate(service, project, "hide", "Ann Example sells fakes.").status_code == 204
    assert moderate(service, project, "unhide", "Ann Example is right.").status_code == 204
    before = service.get(f"/rest/v1/moderation_actions?project_id=eq.{project}&{kept}").json()
    assert owner.delete(f"/rest/v1/projects?id=eq.{project}").status_code == 204
    after = service.get(f"/rest/v1/moderation_actions?project_id=eq.{project}&{kept}").json()
    assert after == before
    assert len(after) == 2
    reasons = service.get(f"/rest/v1/moderation_actions?project_id=eq.{project}&select=reason").json()
    assert {row["reason"] for row in reasons} == {"Removed with the project."}
