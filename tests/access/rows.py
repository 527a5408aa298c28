"""A fresh row for each name in the matrix's column `row`. To add one: write its recipe and list it in RECIPES."""

import uuid
from collections.abc import Callable
from typing import Any

from tests.access.world import Row, World

Recipe = Callable[[World], Row]

BLOCKS = [{"type": "text", "props": {}}]


def unique(prefix: str = "") -> str:
    return prefix + uuid.uuid4().hex[:20]


def profile(world: World) -> Row:
    """The owner's own, which exists already; its change is a new one each time."""
    values = {"id": str(world.owner.id), "username": world.owner.username}
    return Row("private.users", values, {"avatar_url": f"https://example.com/{unique()}.png"}, stored=True)


def project(status: str) -> Recipe:
    def recipe(world: World) -> Row:
        values = {"id": str(uuid.uuid4()), "user_id": str(world.owner.id), "title": "Mine", "status": status}
        return Row("public.projects", values, {"title": "Changed"})

    return recipe


def child(table: str, status: str, change: dict[str, Any], **values: Any) -> Recipe:
    """A row of a project, which is made with it."""

    def recipe(world: World) -> Row:
        own = {"id": str(uuid.uuid4()), "project_id": world.project(status)}
        return Row(f"public.{table}", own | values, change)

    return recipe


def word(table: str, column: str, status: str) -> Recipe:
    """A tag or a technology: known by its project and itself, of which the change keeps the latter recognisable."""

    def recipe(world: World) -> Row:
        values = {"project_id": world.project(status), column: "maths"}
        return Row(f"public.{table}", values, {column: "physics"}, ("project_id",))

    return recipe


def layout(status: str | None, *, owned: bool = True, published: bool = True) -> Recipe:
    def recipe(world: World) -> Row:
        values = {
            "id": str(uuid.uuid4()),
            "user_id": str(world.owner.id) if owned else None,
            "project_id": world.project(status) if status else None,
            "name": "Plain",
            "blocks_json": BLOCKS,
            "published": published,
        }
        return Row("public.layouts", values, {"name": "Changed"})

    return recipe


def template(_: World) -> Row:
    values = {"id": str(uuid.uuid4()), "name": "Plain", "blocks_json": BLOCKS}
    return Row("public.templates", values, {"name": "Changed"})


def ai_session(world: World) -> Row:
    values = {"id": str(uuid.uuid4()), "user_id": str(world.owner.id), "input_json": {"prompt": "private"}}
    return Row("public.ai_sessions", values, {"output_json": {"answer": "changed"}})


def subscription(world: World) -> Row:
    values = {"id": str(uuid.uuid4()), "user_id": str(world.owner.id), "stripe_id": unique("sub_"), "plan": "monthly"}
    return Row("public.subscriptions", values | {"status": "past_due"}, {"status": "active"})


def invoice(world: World) -> Row:
    values = {"id": str(uuid.uuid4()), "user_id": str(world.owner.id), "stripe_id": unique("in_"), "currency": "usd"}
    amounts = {"amount_due": 900, "amount_paid": 0, "amount_remaining": 900, "created_at": "2026-11-01T00:00:00+00:00"}
    return Row("public.invoices", values | amounts | {"status": "open"}, {"status": "paid"})


def notification(world: World) -> Row:
    values = {"id": str(uuid.uuid4()), "user_id": str(world.owner.id), "type": "welcome"}
    return Row("public.notifications", values, {"status": "sent"})


def preference(world: World) -> Row:
    """There are few of them: one that another test left makes room."""
    values = {"user_id": str(world.owner.id), "type": "weekly_metrics", "enabled": True}
    row = Row("public.notification_preferences", values, {"enabled": False}, ("user_id", "type"))
    world.database.execute("delete from public.notification_preferences where user_id = %s", (world.owner.id,))
    return row


def plan(_: World) -> Row:
    values = {"id": str(uuid.uuid4()), "plan": unique(), "price_id": unique("price_"), "tier": "paid"}
    return Row("public.plans", values, {"offered": False})


def quota(_: World) -> Row:
    """The seeded one: there is one of each tier."""
    return Row("public.storage_quotas", {"tier": "free"}, {"max_files": 1}, ("tier",), stored=True)


def tier_limit(_: World) -> Row:
    """The seeded one: there is one of each tier."""
    return Row("public.tier_limits", {"tier": "free"}, {"designs_per_day": 1}, ("tier",), stored=True)


def of_project(table: str, key: tuple[str, ...], **values: Any) -> Recipe:
    """A row of a published project that nobody changes through the API."""

    def recipe(world: World) -> Row:
        return Row(f"public.{table}", {"project_id": world.project()} | values, values, key)

    return recipe


def preview(world: World) -> Row:
    own = {"id": str(uuid.uuid4()), "project_id": world.project(), "token_hash": uuid.uuid4().hex * 2}
    return Row("public.project_previews", own | {"expires_at": "2100-01-01T00:00:00+00:00"}, {"token_hash": "0" * 64})


def field_rule(_: World) -> Row:
    """Read from a constraint."""
    return Row("public.field_rules", {"name": "projects_title_length"}, {"message": "Changed"}, ("name",), stored=True)


ADDRESS = {"url": "https://example.com/a.png"}
DESCRIBED = {"alt_text": "Changed"}
COUNTS = {"platform": "github", "stars": 3}

RECIPES: dict[tuple[str, str], Recipe] = {
    ("public.users", "profile"): profile,
    ("public.templates", "catalogue"): template,
    ("public.layouts", "catalogue"): layout(None, owned=False, published=False),
    ("public.layouts", "not published"): layout("published", published=False),
    ("public.layouts", "of published"): layout("published"),
    ("public.layouts", "of draft"): layout("draft"),
    ("public.ai_sessions", "own"): ai_session,
    ("public.subscriptions", "own"): subscription,
    ("public.invoices", "own"): invoice,
    ("public.notifications", "own"): notification,
    ("public.notification_preferences", "own"): preference,
    ("public.plans", "catalogue"): plan,
    ("public.field_rules", "catalogue"): field_rule,
    ("public.storage_quotas", "catalogue"): quota,
    ("public.tier_limits", "catalogue"): tier_limit,
    **{("public.projects", status): project(status) for status in ("published", "draft", "unlisted", "archived")},
    ("public.project_previews", "of published"): preview,
    ("public.project_views", "of published"): of_project("project_views", ("project_id",), day="2026-11-01", views=1),
    ("public.project_reports", "of published"): of_project("project_reports", ("project_id",), reason="spam"),
    ("public.moderation_actions", "of published"): of_project(
        "moderation_actions", ("project_id",), action="dismiss", operator="operator", reason="Nothing is wrong."
    ),
}
for _status in ("published", "draft"):
    RECIPES |= {
        ("public.project_images", f"of {_status}"): child("project_images", _status, DESCRIBED, **ADDRESS),
        ("public.project_videos", f"of {_status}"): child("project_videos", _status, DESCRIBED, **ADDRESS),
        ("public.project_tags", f"of {_status}"): word("project_tags", "tag", _status),
        ("public.project_technologies", f"of {_status}"): word("project_technologies", "technology", _status),
        ("public.social_metrics", f"of {_status}"): child("social_metrics", _status, {"stars": 9}, **COUNTS),
    }
