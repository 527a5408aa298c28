"""Arguments for functions of the API. To add one: list what it is called with, and whether it writes."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from tests.access.rows import ADDRESS, unique
from tests.access.world import Json, Row, World

LINK = "https://github.com/ada/analytical-engine"


@dataclass(frozen=True)
class Call:
    arguments: Callable[[World], Json]
    writes: bool = False


def of_project(status: str) -> Callable[[World], Json]:
    return lambda world: {"project_id": world.project(status)}


def nothing(_: World) -> Json:
    return {}


def leasing_project(world: World) -> Json:
    platforms = {"github": {"credentials": [unique()]}}
    project = world.project(github_link=LINK)
    return {"project_id": project, "platforms": platforms, "lease_seconds": 30, "fresh_seconds": 60}


def leasing(world: World) -> Json:
    world.project(github_link=LINK)
    return {"platform": "github", "credentials": [unique()], "sources": 100, "batch": 100, "lease_seconds": 30}


def recording(world: World) -> Json:
    """What comes after a lease."""
    asked = leasing_project(world)
    lease = world.database.execute(
        "select public.lease_project_metric_sources(%s, %s, 30, 60) #>> '{0,lease_id}'",
        (uuid.UUID(asked["project_id"]), Jsonb(asked["platforms"])),
    ).fetchone()
    return {
        "platform": "github",
        "lease_id": lease and lease[0],
        "credential": asked["platforms"]["github"]["credentials"][0],
        "results": [{"project_id": asked["project_id"], "stars": 1_000_000}],
        "usage": {"answered": True},
    }


def of_owner(**more: Any) -> Callable[[World], Json]:
    """Values that are functions make a new one for each call."""
    return lambda world: {"user_id": str(world.owner.id)} | {k: v() if callable(v) else v for k, v in more.items()}


def without_meaning(world: World, name: str) -> Json:
    """Every argument, as null."""
    found = world.database.execute("select proargnames from pg_proc where oid = %s::regproc", (name,)).fetchone()
    return dict.fromkeys(found[0] or []) if found else {}


def reordering(world: World) -> Json:
    project = world.project()
    images = [{"id": str(uuid.uuid4()), "project_id": project, "position": place} | ADDRESS for place in range(2)]
    for image in images:
        world.store(Row("public.project_images", image, {}))
    return {"project_id": project, "kind": "image", "ids": [images[1]["id"], images[0]["id"]]}


def linking(world: World) -> Json:
    return {"user_id": str(world.owner.id), "customer_id": unique("cus_")}


def receiving(_: World) -> Json:
    return {
        "event_id": unique("evt_"),
        "type": "product.created",
        "reference": {"kind": "nothing"},
        "lease_seconds": 60,
    }


def page_of(status: str) -> Callable[[World], Json]:
    return lambda world: {"username": world.owner.username.upper(), "slug": world.project(status)}


def writing_to_owner(world: World) -> Json:
    sender = {"name": "A visitor", "email": f"{unique()}@example.com", "message": "Hello."}
    return {"project_id": world.project()} | sender


def moderating(world: World) -> Json:
    return {"project_id": world.project(), "action": "hide", "operator": "operator", "reason": "It is spam."}


CALLS: dict[tuple[str, str], Call] = {
    ("public.get_project_metrics", "of published"): Call(of_project("published")),
    ("public.get_project_metrics", "of draft"): Call(of_project("draft")),
    ("public.reorder_project_media", "of published"): Call(reordering, writes=True),
    ("public.reorder_projects", "any"): Call(lambda world: {"ids": [world.project(), world.project()]}, writes=True),
    ("public.create_project_preview", "of published"): Call(of_project("published"), writes=True),
    ("public.find_page", "of published"): Call(page_of("published")),
    ("public.find_page", "of draft"): Call(page_of("draft")),
    **{("public.get_project_page", f"of {s}"): Call(of_project(s)) for s in ("published", "unlisted", "draft")},
    ("public.search_projects", "any"): Call(nothing),
    ("public.username_available", "any"): Call(lambda world: {"username": world.owner.username}),
    ("public.report_project", "of published"): Call(
        lambda world: {"project_id": world.project(), "reason": "spam"}, writes=True
    ),
    ("public.send_contact_message", "of published"): Call(writing_to_owner, writes=True),
    ("public.moderate_project", "of published"): Call(moderating, writes=True),
    ("public.count_file_removals", "any"): Call(nothing),
    ("public.expire_media_uploads", "any"): Call(nothing),
    ("public.get_my_plan", "any"): Call(nothing),
    ("public.get_storage_usage", "any"): Call(nothing),
    ("public.reconcile_storage_usage", "any"): Call(nothing),
    ("public.lease_project_metric_sources", "any"): Call(leasing_project, writes=True),
    ("public.count_due_metric_sources", "any"): Call(nothing),
    ("public.lease_metric_sources", "any"): Call(leasing, writes=True),
    ("public.record_metrics", "any"): Call(recording, writes=True),
    ("public.count_billing_findings", "any"): Call(nothing),
    ("public.count_due_notifications", "any"): Call(nothing),
    ("public.get_billing_account", "any"): Call(of_owner()),
    ("public.link_stripe_customer", "any"): Call(linking, writes=True),
    ("public.record_stripe_event", "any"): Call(receiving, writes=True),
    ("public.request_notification", "any"): Call(
        of_owner(type="account_deleted", dedupe_key=unique, payload={}), writes=True
    ),
    ("public.set_notification_preference", "any"): Call(of_owner(type="weekly_metrics", enabled=False), writes=True),
}
