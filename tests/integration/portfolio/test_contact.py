"""A message to the owner of a project: through the outbox, within limits, without the owner's address."""

import uuid
from collections.abc import Callable, Iterator, Mapping

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from tests.integration.portfolio.conftest import Visit, add, change, rpc
from tests.support.cluster import TestCluster
from tests.support.stack import Stack
from tests.support.users import User
from tests.support.vendors.sendgrid import Mail, running_mail

HELLO = {"name": "Charles", "message": "Dear Ada,\n\nwould you show <b>it</b>?"}


def sender() -> str:
    return f"{uuid.uuid4().hex[:12]}@example.org"


def write(client: httpx.Client, project: str, **values: str) -> httpx.Response:
    return rpc(client, "send_contact_message", project_id=project, **({"email": sender()} | HELLO | values))


def queued(stack: Stack, user: User) -> list[dict[str, object]]:
    with psycopg.connect(stack.database_url, row_factory=dict_row) as connection:
        return connection.execute(
            "select status, payload from notifications where user_id = %s and type = 'contact_message'", (user.id,)
        ).fetchall()


@pytest.fixture(scope="session")
def mail(stack: Stack, cluster: TestCluster) -> Iterator[Mail]:
    with running_mail(stack, cluster, 1) as running:
        yield running


def test_the_owner_gets_it_and_can_answer(mail: Mail, visit: Visit, user: User, project: str) -> None:
    address = sender()
    assert write(visit(), project, email=address).status_code == 204
    (row,) = mail.of(user, "contact_message")
    assert mail.until(row["id"], "sent", "delivered")["payload"] == {}, "what was written is not kept"
    (sent,) = [each for each in mail.messages(user.email) if "Charles" in str(each["subject"])]
    assert sent["reply_to"] == address
    assert "would you show <b>it</b>?" in str(sent)


def test_the_sender_learns_nothing_of_the_owner(visit: Visit, user: User, project: str) -> None:
    answer = write(visit(), project)
    assert (answer.status_code, answer.text) == (204, "")
    assert user.email not in str(answer.headers)


def test_the_same_message_again_is_sent_once(visit: Visit, stack: Stack, user: User, project: str) -> None:
    client, address = visit(), sender()
    assert [write(client, project, email=address).status_code for _ in range(7)] == [204] * 7
    assert len(queued(stack, user)) == 1


def test_an_address_sends_five_a_day_whatever_it_says(visit: Visit, project: str) -> None:
    client = visit()
    answers = [
        client.post(
            "/rest/v1/rpc/send_contact_message",
            json={"project_id": project, "email": sender()} | HELLO,
            headers={"X-Forwarded-For": f"203.0.113.{n}", "CF-Connecting-IP": f"203.0.113.{n}"},
        )
        for n in range(6)
    ]
    assert [answer.status_code for answer in answers] == [204] * 5 + [429]
    assert answers[-1].json()["message"] == "You have sent as many messages today as you may."


def test_an_email_address_sends_five_a_day_from_wherever(visit: Visit, project: str) -> None:
    address = sender()
    answers = [write(visit(), project, email=address, message=f"Message {n}") for n in range(6)]
    assert [answer.status_code for answer in answers] == [204] * 5 + [429]


def test_an_owner_gets_twenty_a_day(visit: Visit, stack: Stack, user: User, project: str) -> None:
    answers = [write(visit(), project) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [204] * 20 + [429]
    assert len(queued(stack, user)) == 20


def test_an_owner_may_take_no_messages(
    visit: Visit, owner: httpx.Client, project: str, stack: Stack, user: User
) -> None:
    declined = {"type": "contact_message", "enabled": False}
    owner.post("/rest/v1/notification_preferences", json=declined).raise_for_status()
    answer = write(visit(), project)
    assert (answer.status_code, answer.json()["message"]) == (409, "The owner of this project takes no messages.")
    assert queued(stack, user) == []


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_nobody_writes_about_what_they_cannot_see(visit: Visit, owner: httpx.Client, status: str) -> None:
    assert write(visit(), add(owner, status=status)["id"]).status_code == 404


def test_an_unlisted_project_has_an_owner_too(visit: Visit, owner: httpx.Client, project: str) -> None:
    change(owner, project, status="unlisted").raise_for_status()
    assert write(visit(), project).status_code == 204


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\r\nBcc: b@example.com"}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@example.com, b@example.com"}, "email"),
        ({"email": "a@example.com\r\nBcc: b@example.com"}, "email"),
        ({"email": f"{'a' * 250}@example.com"}, "email"),
        ({"message": "  "}, "message"),
        ({"message": "m" * 5001}, "message"),
    ],
)
def test_a_bad_field_is_named_and_costs_nothing(
    visit: Visit, project: str, values: Mapping[str, str], field: str, make_user: Callable[..., User]
) -> None:
    answer = write(visit(), project, **values)
    assert (answer.status_code, answer.json()["code"]) == (400, "22023")
    assert answer.json()["details"] == f"field: {field}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Eve\u2028Bcc: all"},
        {"name": "\u202eevE"},
        {"name": "\u200b"},
        {"email": "a@b..example.com"},
        {"email": "a..b@example.com"},
        {"email": ".a@example.com"},
        {"email": "a@-b.example.com"},
        {"message": " \n "},
    ],
)
def test_what_could_not_be_delivered_is_refused_at_once(visit: Visit, project: str, wrong: dict[str, str]) -> None:
    answer = write(visit(), project, **wrong)
    assert (answer.status_code, answer.json()["details"]) == (400, f"field: {next(iter(wrong))}")
