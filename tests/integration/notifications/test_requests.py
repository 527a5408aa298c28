"""`sendNotification`: who may ask for what, and that asking is not sending twice."""

import threading
import time
import uuid
from typing import Any

import httpx
import pytest

from tests.support.users import User
from tests.support.vendors.sendgrid import Mail


def ask(mail: Mail, caller: User | str, **body: Any) -> httpx.Response:
    headers = mail.stack.headers(caller)  # type: ignore[arg-type]
    return mail.call("sendNotification", body, headers)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def settled(mail: Mail, user: User, type_: str = "welcome") -> None:
    """The latest one is delivered."""
    deadline = time.monotonic() + 60
    while mail.of(user, type_)[-1]["status"] != "delivered":
        assert time.monotonic() < deadline, mail.of(user, type_)
        mail.dispatch()
        time.sleep(0.05)


def test_a_service_tells_anybody_anything_at_once(mail: Mail) -> None:
    user = mail.stack.make_user()
    data = {"url": "https://example.com/export.zip", "size_bytes": 1000}
    answer = ask(mail, "service", type="data_export_ready", user_id=str(user.id), data=data)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] in {"sent", "delivered"}
    assert mail.row(answer.json()["id"])["payload"] == data
    assert "https://example.com/export.zip" in mail.messages(user.email)[0]["text"]


def test_the_same_is_told_once(mail: Mail) -> None:
    user = mail.stack.make_user()
    same = {"type": "payment_failed", "user_id": str(user.id), "data": {"plan": "Pro"}}
    first, second = ask(mail, "service", **same), ask(mail, "service", **same)
    other = ask(mail, "service", **same | {"dedupe_key": "invoice-2"})
    assert first.json()["id"] == second.json()["id"] != other.json()["id"]
    assert mail.accepted(user.email) == 2


def test_what_services_may_not_ask(mail: Mail) -> None:
    user = mail.stack.make_user()
    assert problem(ask(mail, "service", type="welcome", user_id="me")) == (422, "user_id_needed")
    assert problem(ask(mail, "service", type="welcome", user_id=str(uuid.uuid4()))) == (404, "nothing_to_send")
    assert problem(ask(mail, "service", type="nonsense", user_id=str(user.id))) == (422, "invalid_request")
    assert problem(ask(mail, "service", type="welcome", user_id=str(user.id), extra=1)) == (422, "invalid_request")
    null = {"plan": "a\u0000b"}
    assert problem(ask(mail, "service", type="payment_failed", user_id=str(user.id), data=null))[0] == 422


def test_visitors_ask_for_nothing(mail: Mail) -> None:
    assert problem(ask(mail, "anon", type="welcome", user_id="me")) == (401, "unauthorized")
    assert problem(mail.call("dispatchNotifications", headers=mail.stack.headers("anon"))) == (401, "unauthorized")
    user = mail.stack.make_user()
    assert problem(mail.call("dispatchNotifications", headers=mail.stack.headers(user))) == (403, "forbidden")
    assert problem(mail.call("queueWeeklyMetrics", headers=mail.stack.headers(user))) == (403, "forbidden")


def test_users_ask_for_what_is_theirs(mail: Mail) -> None:
    user, other = mail.stack.make_user(), mail.stack.make_user()
    assert problem(ask(mail, user, type="welcome", user_id=str(other.id))) == (403, "not_yourself")
    assert problem(ask(mail, user, type="payment_failed", user_id="me")) == (403, "not_askable")
    data = {"url": "https://phishing.example"}
    assert problem(ask(mail, user, type="data_export_ready", user_id="me", data=data)) == (403, "not_askable")
    assert problem(ask(mail, user, type="welcome", user_id="me", dedupe_key="x")) == (403, "not_askable")
    assert problem(ask(mail, user, type="data_export_ready", user_id="me")) == (404, "nothing_to_send")
    assert mail.accepted(other.email) == 0
    for user_id in ("me", str(user.id)):
        assert ask(mail, user, type="welcome", user_id=user_id).status_code == 200
    assert mail.accepted(user.email) == 1


def test_a_welcome_is_sent_again_once_and_not_at_once(mail: Mail) -> None:
    user = mail.stack.make_user()
    settled(mail, user)
    first = ask(mail, user, type="welcome", user_id="me").json()
    assert first["status"] == "delivered"
    assert 0 < first["retry_after"] <= 3600, "nothing was sent"
    assert first["id"] == str(mail.of(user, "welcome")[0]["id"])
    mail.rows(
        """update notifications set sent_at = sent_at - interval '2 hours', created_at = created_at - interval '2 hours'
           where user_id = %s""",
        user.id,
    )
    answers: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(ask(mail, user, type="welcome", user_id="me").json()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer["id"] for answer in answers}) == 1
    assert answers[0]["id"] != first["id"]
    assert None in {answer["retry_after"] for answer in answers}, "it was sent again"
    assert mail.accepted(user.email) == 2


def test_an_export_that_has_run_out_is_not_sent_again(mail: Mail) -> None:
    user = mail.stack.make_user()
    mail.queue(user, "data_export_ready", url="https://example.com/a", expires_at="2020-01-01T00:00:00Z")
    assert problem(ask(mail, user, type="data_export_ready", user_id="me")) == (404, "nothing_to_send")
    mail.queue(user, "data_export_ready", url="https://example.com/b", expires_at="2100-01-01T00:00:00Z")
    assert ask(mail, user, type="data_export_ready", user_id="me").status_code == 200


@pytest.mark.parametrize("attempt", range(3))
def test_one_sign_up_is_one_welcome_whoever_races(mail: Mail, attempt: int) -> None:
    """The trigger, two dispatchers, Billing's way in, a service and the user, all at once."""
    user = mail.stack.make_user()
    barrier = threading.Barrier(8)
    failures: list[str] = []

    def race(number: int) -> None:
        barrier.wait()
        if number < 4:
            mail.dispatch(at=number % 2)
        elif number == 4:
            mail.queue(user, "welcome", key="welcome")
        else:
            caller: User | str = user if number % 2 else "service"
            answer = ask(mail, caller, type="welcome", user_id=str(user.id))
            if answer.status_code != 200:
                failures.append(answer.text)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    settled(mail, user)
    assert len(mail.of(user, "welcome")) == 1
    assert mail.accepted(user.email) == 1
