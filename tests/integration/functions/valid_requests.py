"""For each function a request that makes it do its work: whatever it asks Supabase for, it is answered once."""

import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import stripe
from showcase.notifications.domain import NotificationType
from showcase.notifications.settings import NotificationSettings
from showcase.notifications.unsubscribe_tokens import make_links
from showcase.settings import CoreSettings, load

from tests.support import plain_http
from tests.support.files.pictures import image
from tests.support.populated_users import fill
from tests.support.stack import Stack
from tests.support.users import User, access_token

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Valid:
    """What is sent: by POST where there is a body."""

    headers: Mapping[str, str]
    body: bytes | None = None
    query: str = ""


@dataclass(frozen=True)
class World:
    """A running backend with every vendor's simulator."""

    stack: Stack

    def member(self) -> None:
        """Somebody with something in every table, and a file to remove."""
        identity = uuid.uuid4().hex
        user = fill(self.stack, self.stack.make_user(), f"cus_{identity}", f"sub_{identity}").user
        due = "update private.file_removals set next_attempt_at = now() where name = %s returning 1"
        self.value(due, f"{user.id}/gone.png")

    def owner(self) -> tuple[User, str]:
        """Somebody, and a published project of theirs whose numbers are due."""
        user = self.stack.make_user()
        row = {"user_id": str(user.id), "title": "Loom", "status": "published"}
        row |= {"github_link": "https://github.com/octo/hello", "description": "It weaves."}
        prefer = {"Prefer": "return=representation"}
        with self.stack.client(user) as client:
            made = client.post("/rest/v1/projects", json=row, headers=prefer).raise_for_status().json()
        return user, str(made[0]["id"])

    def value(self, query: str, *values: object) -> Any:
        with psycopg.connect(self.stack.database_url, autocommit=True) as connection:
            row = connection.execute(query.encode(), values).fetchone()
        assert row is not None, query
        return row[0]

    def called(self, user: User, name: str, body: object) -> dict[str, Any]:
        with self.stack.client(user) as client:
            answer: dict[str, Any] = client.post(f"/functions/v1/{name}", json=body).raise_for_status().json()
            return answer

    def uploaded(self) -> tuple[User, str]:
        """Somebody, and an upload of theirs whose file has been sent."""
        picture = image("PNG")
        user, project = self.owner()
        asked = {"project_id": project, "content_type": "image/png", "size": len(picture)}
        announced = self.called(user, "createUploadUrl", asked)
        plain_http.put(
            announced["upload_url"], content=picture, headers={"Content-Type": "image/png"}
        ).raise_for_status()
        return user, str(announced["upload_id"])

    def recent(self) -> User:
        """Somebody who has signed in just now, as for a deletion."""
        user = self.stack.make_user()
        self.value("update auth.users set last_sign_in_at = now() where id = %s returning 1", user.id)
        return user

    def ada(self) -> User:
        """Of the demo rows: Stripe's simulator knows her subscription."""
        id_ = UUID("00000000-0000-4000-8000-000000000001")
        token = access_token(self.stack.jwt_secret, f"{self.stack.url}/auth/v1", id_, "ada@example.com")
        return User(id_, "ada@example.com", "", "ada", token)

    def by(self, caller: User | None, body: object = None, query: str = "") -> Valid:
        """As a user; None: as a service."""
        headers = self.stack.headers(caller or "service") | JSON | ({} if caller else {"X-Cron-Job": "odd"})
        return Valid(headers, None if body is None else json.dumps(body).encode(), query)


def _stripe(_: World) -> Valid:
    event = {"id": f"evt_{uuid.uuid4().hex}", "object": "event", "type": "customer.subscription.updated", "created": 1}
    body = json.dumps(event | {"data": {"object": {"id": "sub_demo_ada", "object": "subscription"}}})
    secret = os.environ["STRIPE_WEBHOOK_SECRETS"]
    made = stripe.WebhookSignature.generate_signature_header(body, secret, int(time.time()))
    return Valid({"Stripe-Signature": made, **JSON}, body.encode())


def _sendgrid(world: World) -> Valid:
    user = world.stack.make_user()
    event = {"email": user.email, "event": "delivered", "timestamp": int(time.time()), "sg_message_id": "a"}
    asked = {"events": [event], "timestamp": ""}
    signed = (
        plain_http.post(f"{world.stack.simulators['sendgrid']}/_simulator/events", json=asked).raise_for_status().json()
    )
    return Valid(signed["headers"] | JSON, signed["body"].encode())


def _unsubscribe(world: World) -> Valid:
    links = make_links(load(CoreSettings), load(NotificationSettings))
    link = links.to_decline(UUID(str(world.stack.make_user().id)), NotificationType.WEEKLY_METRICS)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return Valid(form, b"List-Unsubscribe=One-Click", link.partition("?")[2])


def _deletion(world: World) -> Valid:
    user = world.recent()
    return world.by(user, {"username": user.username})


def _receipt(world: World) -> Valid:
    user = world.recent()
    receipt = world.called(user, "deleteAccount", {"username": user.username})["receipt_id"]
    return world.by(None, {"receipt_id": receipt})


def _checkout(world: World) -> Valid:
    return world.by(world.stack.make_user(), {"plan": "pro_monthly", "success_path": "/a", "cancel_path": "/b"})


def _notification(world: World) -> Valid:
    user = str(world.stack.make_user().id)
    return world.by(None, {"type": "welcome", "user_id": user, "data": {}, "dedupe_key": "odd"})


def _export(world: World) -> Valid:
    user = world.stack.make_user()
    world.called(user, "exportAccount", {})
    return world.by(user, {})


def _of_project(world: World, **body: object) -> Valid:
    user, project = world.owner()
    return world.by(user, {"project_id": project, **body})


def _card(world: World) -> Valid:
    user, project = world.owner()
    return world.by(user, query=f"project_id={project}")


def _confirmation(world: World) -> Valid:
    user, upload = world.uploaded()
    return world.by(user, {"upload_id": upload})


def _upload(world: World) -> Valid:
    user, upload = world.uploaded()
    world.called(user, "confirmUpload", {"upload_id": upload})
    return world.by(user, query=f"upload_id={upload}")


def _refresh(world: World) -> Valid:
    world.owner()
    return world.by(None, {})


def _sweep(world: World) -> Valid:
    world.member()
    return world.by(None, {"orphans": True})


VALID: Mapping[str, Callable[[World], Valid]] = {
    "getSocialMetrics": _of_project,
    "refreshSocialMetrics": _refresh,
    "metricsCard": _card,
    "webhooks/stripe": _stripe,
    "createCheckoutSession": _checkout,
    "createPortalSession": lambda world: world.by(world.ada(), {"return_path": "/a"}),
    "reconcileSubscriptions": lambda world: world.by(None, {}),
    "closeBillingAccount": lambda world: world.by(None, {"user_id": str(world.stack.make_user().id)}),
    "sendNotification": _notification,
    "dispatchNotifications": lambda world: world.by(None, {}),
    "queueWeeklyMetrics": lambda world: world.by(None, {}),
    "unsubscribe": _unsubscribe,
    "webhooks/sendgrid": _sendgrid,
    "aiDesignAssistant": lambda world: _of_project(world, save_as_layout=True, generate_image=True),
    "createUploadUrl": lambda world: _of_project(world, content_type="image/png", size=1),
    "confirmUpload": _confirmation,
    "getUpload": _upload,
    "sweepMedia": _sweep,
    "generateQrCode": _of_project,
    "exportAccount": lambda world: world.by(world.stack.make_user(), {}),
    "getAccountExport": _export,
    "continueAccountExports": lambda world: world.by(None, {}),
    "deleteAccount": _deletion,
    "getAccountDeletion": _receipt,
    "cancelAccountDeletion": lambda world: world.by(world.stack.make_user(), {}),
    "continueAccountDeletions": lambda world: world.by(None, {}),
    "health": lambda world: world.by(None),
    "watchSystem": lambda world: world.by(None, {}),
}
