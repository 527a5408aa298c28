"""What callers see, and what the backend gets, when no handler answers."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from showcase.http import CORS

from tests.support.doubles.backend_stub import BackendStub
from tests.support.doubles.forwarders import Edge, signed_in

NO_ANSWER = ["hang-up", "bare 503", "bare 429", "bare 500", "bare 403"]
# Where asking twice is as good as asking once.
REPEATED = [("GET", "health"), ("HEAD", "metricsCard"), ("OPTIONS", "health"), ("POST", "getSocialMetrics")]
REPEATED += [("POST", "unsubscribe"), ("POST", "getAccountDeletion"), ("GET", "webhooks/stripe")]
COLD = [(*call, "bare 503") for call in REPEATED] + [("POST", "getSocialMetrics", met) for met in NO_ANSWER]
# Its sender repeats what it knows to be unanswered; what changes things may have been done.
NOT_REPEATED = ["webhooks/sendgrid", "sendNotification", "refreshSocialMetrics", "aiDesignAssistant"]
LOST = [(path, "hang-up") for path in NOT_REPEATED] + [("webhooks/stripe", met) for met in NO_ANSWER]


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "code", "request_id", "error"}
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["request_id"] == answer.headers["x-request-id"] != ""
    assert {name: answer.headers[name] for name in CORS} == CORS


@pytest.mark.parametrize(("method", "path", "met"), COLD)
def test_a_cold_backend_is_asked_once_more(
    backend: BackendStub, client: httpx.Client, method: str, path: str, met: str
) -> None:
    backend.next.append(met)
    body = b"{}" if method == "POST" else b""
    answer = client.request(method, path, content=body)
    assert answer.status_code == 200
    first, second = backend.seen
    assert (first.method, first.target, first.body) == (second.method, second.target, second.body)
    assert second.body == body
    assert first.headers["x-request-id"] == second.headers["x-request-id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(("path", "met"), LOST)
def test_what_may_not_be_done_twice_is_asked_once(
    backend: BackendStub, client: httpx.Client, path: str, met: str
) -> None:
    """Its sender is reported, so nothing is lost; and the backend has it once, so nothing is doubled."""
    backend.next.append(met)
    answer = client.post(path, content=b"{}", headers={"Authorization": signed_in()})
    assert_problem(answer, 502, "backend_unreachable")
    assert len(backend.seen) == 1
    assert client.post(path, content=b"{}", headers={"Authorization": signed_in()}).status_code == 200
    assert len(backend.seen) == 2


@pytest.mark.parametrize("path", ["sendNotification", "webhooks/stripe", "getSocialMetrics", "aiDesignAssistant"])
def test_a_backend_that_is_starting_is_waited_for(backend: BackendStub, client: httpx.Client, path: str) -> None:
    """Also by what may not be done twice: a 503 says that nothing was done."""
    backend.next.extend(["starting 503 0", "starting 503 1", "starting 503 0"])
    answer = client.post(path, content=b'{"a": 1}', headers={"Authorization": signed_in()})
    assert answer.status_code == 200
    assert [one.body for one in backend.seen] == [b'{"a": 1}'] * 4
    assert len({one.headers["x-request-id"] for one in backend.seen}) == 1


@pytest.mark.parametrize("status", [500, 502, 504])
def test_another_status_that_asks_to_wait_is_repeated_only_where_twice_is_as_good_as_once(
    backend: BackendStub, client: httpx.Client, status: int
) -> None:
    backend.next.extend([f"starting {status} 0"] * 3)
    assert client.get("health").status_code == 200
    assert len(backend.seen) == 4
    backend.next.append(f"starting {status} 0")
    assert_problem(client.post("sendNotification", content=b"{}"), 502, "backend_unreachable")
    assert len(backend.seen) == 5


def test_a_wait_beyond_the_time_limit_is_the_callers(backend: BackendStub, client: httpx.Client) -> None:
    backend.next.append("starting 503 30")
    answer = client.post("sendNotification", content=b"{}")
    assert_problem(answer, 502, "backend_unreachable")
    assert answer.headers["retry-after"] == "30"
    assert len(backend.seen) == 1


def test_a_body_that_was_not_kept_is_not_sent_again_to_a_backend_that_is_starting(
    backend: BackendStub, client: httpx.Client
) -> None:
    backend.next.append("starting 503 1")
    answer = client.post("webhooks/stripe", content=bytes(64 * 1024 + 1))
    assert_problem(answer, 502, "backend_unreachable")
    assert answer.headers["retry-after"] == "1"
    assert len(backend.seen) == 1


def test_there_is_no_third_time(backend: BackendStub, client: httpx.Client) -> None:
    backend.next.extend(["bare 500", "bare 503"])  # where a kept connection ends, Deno asks again by itself
    assert_problem(client.get("health"), 502, "backend_unreachable")
    assert len(backend.seen) == 2


def test_a_large_body_is_never_sent_twice(backend: BackendStub, client: httpx.Client) -> None:
    backend.next.append("bare 503")
    assert_problem(client.post("getSocialMetrics", content=bytes(64 * 1024 + 1)), 502, "backend_unreachable")
    assert len(backend.seen) == 1


def test_an_error_of_a_handler_is_not_asked_again(backend: BackendStub, client: httpx.Client) -> None:
    backend.reply = lambda _: (503, [("X-Request-Id", "x"), ("Content-Type", "application/problem+json")], b"{}")
    assert client.get("health").status_code == 503
    assert len(backend.seen) == 1


@pytest.mark.parametrize(("method", "path"), [("GET", "health"), ("POST", "webhooks/stripe"), ("POST", "unsubscribe")])
def test_a_backend_that_is_not_there(stranded: Edge, method: str, path: str) -> None:
    with stranded.client() as client:
        answer = client.request(method, path, content=bytes(3_000_000) if method == "POST" else b"")
        assert_problem(answer, 502, "backend_unreachable")


def test_a_page_may_read_the_problem(stranded: Edge) -> None:
    """Its browser asks first, and has to be reported yes although nothing is there."""
    asked = {"Origin": "https://front.example", "Access-Control-Request-Method": "POST"}
    with stranded.client(**asked) as client:
        answer = client.options("createCheckoutSession")
    assert (answer.status_code, answer.content) == (204, b"")
    assert {name: answer.headers[name] for name in CORS} == CORS
    assert answer.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"


def test_the_log_says_which_request_and_why_and_no_secret(stranded: Edge) -> None:
    with stranded.client(Authorization=signed_in()) as client:
        answer = client.post("unsubscribe?token=of-a-user", content=b"of a body")
    lines = [json.loads(line) for line in stranded.log.read_text().splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line["request_id"] == answer.headers["x-request-id"]]
    assert line == {
        "severity": "ERROR",
        "message": "backend_unreachable",
        "function": "unsubscribe",
        "request_id": answer.headers["x-request-id"],
        "cause": "Connect",
    }
    assert "of-a-user" not in stranded.log.read_text()


def test_a_slow_backend_has_as_long_as_the_function_may_take(backend: BackendStub, hasty: Edge) -> None:
    waiting = {"X-Behave": "wait", "Authorization": signed_in()}
    with hasty.client() as client, ThreadPoolExecutor(1) as other:
        patient = other.submit(client.post, "aiDesignAssistant", content=b"{}", headers=waiting)
        assert_problem(client.post("getSocialMetrics", content=b"{}", headers=waiting), 504, "backend_timeout")
        assert len(backend.to("getSocialMetrics")) == 1
        assert not patient.done()
        backend.go.set()
        assert patient.result().status_code == 200


def test_an_answer_that_breaks_off_does_not_look_whole(backend: BackendStub, client: httpx.Client) -> None:
    backend.next.append("break")
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("health")
    assert len(backend.seen) == 1


@pytest.mark.parametrize("status", [600, 999])
def test_a_status_that_is_none(backend: BackendStub, client: httpx.Client, status: int) -> None:
    backend.reply = lambda _: (status, [("X-Request-Id", "x")], b"")
    assert_problem(client.post("sendNotification", content=b"{}"), 502, "backend_unreachable")


def test_many_at_once_each_have_their_own_answer(backend: BackendStub, client: httpx.Client) -> None:
    def ask(number: int) -> tuple[str, str]:
        answer = client.post("getSocialMetrics", content=str(number), headers={"X-Request-Id": f"id-{number}"})
        return answer.json()["body"], answer.headers["x-request-id"]

    with ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(ask, range(200)))
    assert answers == [(str(number), f"id-{number}") for number in range(200)]
    assert threading.active_count() < 500
