"""What somebody can still do with the token that they had when their account was deleted: nothing that lasts."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from showcase.auth import Kind
from showcase.routes import ENDPOINTS, find_endpoint

from tests.integration.account.conftest import BILLING
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.files.pictures import image
from tests.support.populated_users import Member, found, rows
from tests.support.stack import Stack
from tests.support.vendors.sendgrid import Mail, running_mail
from tests.support.vendors.stripe import SDK_WARNING

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

# What their app sends to each function that users may call.
BODIES: dict[str, Callable[[str], dict[str, Any]]] = {
    "getSocialMetrics": lambda project: {"project_id": project},
    "createCheckoutSession": lambda _: {"plan": "pro_monthly", "success_path": "/a", "cancel_path": "/b"},
    "createPortalSession": lambda _: {"return_path": "/"},
    "sendNotification": lambda _: {"type": "welcome", "user_id": "me"},
    "aiDesignAssistant": lambda _: {"content": {"title": "Mine", "description": "A page"}, "save_as_layout": True},
    "createUploadUrl": lambda project: {"project_id": project, "content_type": "image/png", "size": 10},
    "confirmUpload": lambda _: {"upload_id": str(uuid4())},
    "generateQrCode": lambda _: {},
    "exportAccount": lambda _: {},
    "getAccountExport": lambda _: {},
    "deleteAccount": lambda _: {"username": "somebody"},
    "getAccountDeletion": lambda _: {"receipt_id": str(uuid4())},
    "cancelAccountDeletion": lambda _: {},
}
WITHOUT_A_TRACE = {"health", "metricsCard", "getUpload"}  # GET: they leave nothing behind
# Which callers the token tells: the others of the table check a signature.
BY_TOKEN = sorted(path for path in ENDPOINTS if find_endpoint(path).callers is not None)


@pytest.fixture(scope="module")
def designing(stack: Stack, cluster: TestCluster, simulator: httpx.Client) -> Iterator[Mail]:
    """With an assistant that nobody has to reach."""
    url = str(simulator.base_url).rstrip("/")
    openai = {"OPENAI_API_URL": "http://127.0.0.1:9", "OPENAI_API_KEY": "sk-none", "OPENAI_MAX_RETRIES": "0"}
    with running_mail(stack, cluster, 1, STRIPE_API_URL=url, **openai, **BILLING) as running:
        yield running


@pytest.fixture(scope="module")
def gone(stack: Stack) -> dict[str, str]:
    """The headers of somebody whose account was deleted a moment ago."""
    user = stack.make_user()
    rows(stack, "delete from auth.users where id = %s returning id", user.id)
    return stack.headers(user)


@pytest.mark.parametrize("path", BY_TOKEN)
def test_every_function_says_first_that_the_account_is_gone(designing: Mail, gone: dict[str, str], path: str) -> None:
    """Whatever else is wrong: the method, the body, its size, the role, what it is about."""
    sent: list[dict[str, Any]] = [
        {"method": "PATCH"},
        {"content": b"{"},
        {"content": b"x" * 100_000, "headers": {"Content-Type": "text/plain"}},
        {"json": {"no_such_field": 1}},
        {"json": BODIES[path](str(uuid4())) if path in BODIES else {}},
    ]
    for request in sent:
        method = request.get("method", find_endpoint(path).method.partition(",")[0])
        headers = gone | request.get("headers", {"Content-Type": "application/json"})
        body = {name: value for name, value in request.items() if name in {"content", "json"}}
        url = f"{designing.functions_urls[0]}/functions/v1/{path}"
        answer = plain_http.request(method, url, headers=headers, timeout=30, **body)
        assert (answer.status_code, answer.json()["code"]) == (401, "account_gone"), f"{request}"[:80]


def customers(simulator: httpx.Client) -> int:
    count: int = simulator.get("/_simulator").json()["counts"]["*"]
    return count


def test_every_function_for_users_is_tried() -> None:
    for_users = {path for path in ENDPOINTS if Kind.USER in (find_endpoint(path).callers or ())}
    assert for_users == set(BODIES) | WITHOUT_A_TRACE


def test_a_token_that_outlives_its_user_does_nothing_that_lasts(
    designing: Mail, member: Callable[[], Member], stack: Stack, simulator: httpx.Client
) -> None:
    gone, other = member(), member()
    (project,) = rows(stack, "select id from projects where user_id = %s limit 1", gone.user.id)
    (theirs,) = rows(stack, "select id from projects where user_id = %s limit 1", other.user.id)
    announced = designing.call(
        "createUploadUrl", BODIES["createUploadUrl"](str(project["id"])), stack.headers(gone.user)
    ).json()
    done: dict[str, Any] = designing.call(
        "deleteAccount", {"username": gone.user.username}, stack.headers(gone.user)
    ).json()
    for _ in range(30):
        if done["status"] == "done":
            break
        designing.call("continueAccountDeletions")
        done = designing.call("getAccountDeletion", {"receipt_id": done["receipt_id"]}).json()
    assert found(stack, gone.traces) == {}
    asked = customers(simulator)

    for path, body in BODIES.items():
        answer = designing.call(path, body(str(project["id"])), stack.headers(gone.user))
        assert (answer.status_code, answer.json()["code"]) == (401, "account_gone"), f"{path}: {answer.text}"
    with stack.client(gone.user) as client:
        for table, row in (
            ("projects", {"title": "Late"}),
            ("layouts", {"name": "Late", "blocks_json": []}),
            ("project_images", {"project_id": str(theirs["id"]), "url": "https://example.com/a"}),
            ("notification_preferences", {"type": "weekly_metrics", "enabled": True}),
        ):
            assert client.post(f"/rest/v1/{table}", json=row).is_client_error, table
            named = {**row, "user_id": str(gone.user.id)}
            assert client.post(f"/rest/v1/{table}", json=named).is_client_error, table
        for bucket in ("ai-assets", "avatars", "project-media", "qr-codes", "uploads", "account-exports"):
            address = f"{bucket}/{gone.user.id}/late.png"
            headers = {"Content-Type": "image/png", "x-upsert": "true"}
            sent = client.post(f"/storage/v1/object/{address}", content=image("PNG"), headers=headers)
            assert sent.is_client_error, bucket
            assert client.post(f"/storage/v1/object/upload/sign/{address}").is_client_error, bucket
    assert found(stack, gone.traces) == {}
    assert customers(simulator) == asked, "Stripe has heard nothing of them"

    # The address that was theirs to send a file to is Storage's to honour: the sweep finds what comes by it.
    plain_http.put(announced["upload_url"], content=image("PNG"), headers={"Content-Type": "image/png"})
    query = "update storage.objects set created_at = now() - interval '2 days' where starts_with(name, %s)"
    rows(stack, query, str(gone.user.id))
    designing.call("sweepMedia", {"orphans": True})
    for _ in range(20):
        if found(stack, gone.traces) == {}:
            break
        designing.call("sweepMedia")
    assert found(stack, gone.traces) == {}
