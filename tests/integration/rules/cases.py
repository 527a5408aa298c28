"""A refused write for each rule of public.field_rules: made from the rule itself where that is enough."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Rule = Mapping[str, Any]
Row = dict[str, Any]

# No caller of the API writes these: Auth does, at a sign-in, the database's owner, or an RPC that makes them itself.
UNWRITTEN_FIELDS = {("users", "id"), ("users", "email"), ("users", "google_id")}
UNWRITTEN_TABLES = {"storage_quotas", "tier_limits", "project_previews", "project_views"}
# Tables that are written by an RPC alone: its name, and arguments that it takes. It names the project itself.
RPCS: dict[str, tuple[str, Row]] = {
    "project_reports": ("report_project", {"reason": "spam"}),
    "moderation_actions": ("moderate_project", {"action": "dismiss", "operator": "O", "reason": "R"}),
}


def is_written(rule: Rule) -> bool:
    table, field = rule["table_name"], rule["field"]
    return (
        (table, field) not in UNWRITTEN_FIELDS
        and table not in UNWRITTEN_TABLES
        and not (table in RPCS and field == "project_id")
    )


# A new row comes last, whatever it says: these are broken by a change.
OF_CHANGES = {"project_images_position_range", "project_videos_position_range"}
BLOCKS = [{"type": "divider", "props": {}}]
WEB = "https://example.com/"


@dataclass(frozen=True)
class Owner:
    """Whose rows are written: a user, a project, a layout's template."""

    user_id: str
    project_id: str


def rows(owner: Owner) -> dict[str, Row]:
    """One row of each table that is taken as it is."""
    user, project, word = {"user_id": owner.user_id}, {"project_id": owner.project_id}, uuid.uuid4().hex
    return {
        "projects": {**user, "title": "Engine"},
        "project_images": {**project, "url": f"{WEB}a.png"},
        "project_videos": {**project, "url": f"{WEB}a.mp4"},
        "project_tags": {**project, "tag": word},
        "project_technologies": {**project, "technology": word},
        "social_metrics": {**project, "platform": "github"},
        "templates": {"name": "Plain", "blocks_json": BLOCKS},
        "layouts": {**user, "name": "Plain", "blocks_json": BLOCKS},
        "ai_sessions": {**user},
        "subscriptions": {**user, "stripe_id": f"sub_{word}", "status": "active", "plan": "monthly"},
        "invoices": {
            **user,
            "stripe_id": f"in_{word}",
            "status": "open",
            "currency": "eur",
            **dict.fromkeys(("amount_due", "amount_paid", "amount_remaining"), 1),
            "created_at": "2026-01-01T00:00:00Z",
        },
        "notifications": {**user, "type": "welcome"},
        "notification_preferences": {**user, "type": "weekly_metrics", "enabled": True},
        "plans": {"plan": word[:20], "price_id": f"price_{word}", "tier": "paid"},
    }


# What no rule tells: a value that breaks this one alone.
BREAKS: dict[str, Row] = {
    "projects_github_link_length": {"github_link": f"https://github.com/ada/engine?{'x' * 2048}"},
    "projects_twitter_link_length": {"twitter_link": f"https://x.com/ada/status/1?{'x' * 2048}"},
    "projects_linkedin_link_length": {
        "linkedin_link": f"https://www.linkedin.com/feed/update/urn:li:activity:1?{'x' * 2048}"
    },
    **{f"projects_{link}_link_address": {f"{link}_link": f"{WEB}x"} for link in ("github", "linkedin", "twitter")},
    "projects_live_link_address": {"live_link": "javascript:alert(1)"},
    "project_tags_tag_format": {"tag": " maths"},
    "project_technologies_technology_format": {"technology": "brass "},
    "project_images_renditions_size": {"renditions": ["ab" * k for k in range(200)]},
    "notifications_payload_size": {"payload": {"text": "x" * 65536}},
    "plans_plan_reserved": {"plan": "unknown"},
    "plans_price_id_required": {"price_id": None},
    "layouts_project_id_owner": {"user_id": None},  # and a project, which the test adds
    "layouts_blocks_json_blocks": {"blocks_json": [{"type": "marquee", "props": {}}]},
    "templates_blocks_json_blocks": {"blocks_json": {"type": "divider"}},
    "projects_hidden_reason_required": {"hidden_reason": "Spam."},
    "users_links_count": {"links": [WEB] * 11},
    "users_links_address": {"links": [WEB, "javascript:alert(1)"]},
    "users_username_reserved": {"username": "admin"},
}


def broken(rule: Rule) -> Row:
    """The fields that break a rule."""
    field = rule["field"]
    if rule["name"] in BREAKS:
        return BREAKS[rule["name"]]
    match rule["rule"]:
        case "length":
            is_link = rule["maximum"] == 2048
            return {field: (WEB if is_link else "") + "x" * (rule["maximum"] + 1)}
        case "range":
            return {field: rule["minimum"] - 1}
        case "choices" | "format":
            return {field: "No such value"}
        case "type":
            return {field: "text"}
        case "required":
            return {field: None}
        case _:
            raise AssertionError(f"{rule['name']} has no case: say in BREAKS what breaks it")
