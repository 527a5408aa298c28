"""A redirect would carry keys, prompts and texts to whatever address an answer names: none is followed."""

import pytest

from tests.integration.monitoring.conftest import Watch, linked_project
from tests.support.doubles.served import served
from tests.support.stack import Stack
from tests.support.users import User
from tests.support.vendors.failing_vendor import FailingVendor


@pytest.mark.parametrize("status", [302, 307, 308])
def test_no_client_follows_a_redirect(stack: Stack, user: User, watch: Watch, status: int) -> None:
    elsewhere = FailingVendor("elsewhere")
    with served(elsewhere.app()) as address, stack.client("service") as service:
        watched = watch("words")
        watched.vendors.mode, watched.vendors.location = status, f"{address}/taken"
        service.post("/rest/v1/rpc/resume_platform", json={"platform": "github"}).raise_for_status()
        mine, services = stack.headers(user), stack.headers("service")
        answers = [
            watched.post("getSocialMetrics", {"project_id": linked_project(stack, user)}, headers=mine),
            watched.post("aiDesignAssistant", {"content": {"title": "A page"}, "style": {}}, headers=mine),
            watched.post(
                "createCheckoutSession", {"plan": "pro_monthly", "success_path": "/", "cancel_path": "/"}, headers=mine
            ),
            watched.post("reconcileSubscriptions", {}, headers=services),
            watched.post(
                "sendNotification",
                {"type": "welcome", "user_id": str(user.id), "data": {}, "dedupe_key": str(status)},
                headers=services,
            ),
        ]
        asked = " ".join(request["user-agent"] for request in watched.vendors.asked)
        assert all(client in asked for client in ("OpenAI", "Stripe", "showcase")), asked
    assert [answer.status_code for answer in answers[1:3]] == [503, 503]
    assert elsewhere.asked == []
