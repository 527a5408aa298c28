"""JSON Schema of the jsonb columns and results that clients read; tests hold them to real rows."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

_COUNT: Schema = {"type": "integer"}
_TEXT: Schema = {"type": "string"}
_TIME_OR_NULL: Schema = {"anyOf": [{"type": "string"}, {"type": "null"}]}
_TEXT_OR_NULL = _TIME_OR_NULL
_PLATFORM: Schema = {"enum": ["linkedin", "github", "twitter"]}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


_STATUS: Schema = {"enum": ["draft", "published", "unlisted", "archived"]}
_FLAG: Schema = {"type": "boolean"}
_COUNT_OR_NULL: Schema = {"anyOf": [{"type": "integer"}, {"type": "null"}]}

_USED = _object(used=_COUNT, max=_COUNT)

DEFINITIONS: dict[str, Schema] = {
    "Rendition": _object(url=_TEXT, width=_COUNT, height=_COUNT),
    "MetricsSnapshot": _object(
        platform=_PLATFORM,
        **dict.fromkeys(("likes", "comments", "stars", "forks", "watchers", "retweets", "replies"), _COUNT),
        recorded_at=_TEXT,
        as_of=_TEXT,
    ),
    "ProjectMetrics": _object(
        id=_TEXT,
        user_id=_TEXT,
        title=_TEXT,
        status=_STATUS,
        github_link=_TEXT_OR_NULL,
        linkedin_link=_TEXT_OR_NULL,
        twitter_link=_TEXT_OR_NULL,
        snapshots=_list(_ref("MetricsSnapshot")),
        history=_list(_ref("MetricsSnapshot")),
        views=_or_null(_ref("Views")),
        account_gone=_FLAG,
    ),
    "ViewsOfDay": _object(day=_TEXT, views=_COUNT),
    "Views": _object(total=_COUNT, history=_list(_ref("ViewsOfDay"))),
    "Page": _object(user_id=_TEXT, username=_TEXT, project_id=_TEXT_OR_NULL, slug=_TEXT_OR_NULL),
    "PreviewLink": _object(id=_TEXT, token=_TEXT, expires_at=_TEXT),
    "FoundProject": _object(
        **dict.fromkeys(("id", "user_id", "slug", "title", "published_at", "username"), _TEXT),
        **dict.fromkeys(("short_summary", "name", "avatar_url"), _TEXT_OR_NULL),
        **dict.fromkeys(("stars", "likes"), _COUNT),
        **dict.fromkeys(("tags", "technologies"), _list(_TEXT)),
    ),
    "FoundProjects": _object(projects=_list(_ref("FoundProject")), next_cursor=_TEXT_OR_NULL),
    "PageOwner": _object(username=_TEXT, name=_TEXT_OR_NULL, headline=_TEXT_OR_NULL, avatar_url=_TEXT_OR_NULL),
    "PageImage": _object(
        **dict.fromkeys(("id", "project_id", "url"), _TEXT),
        **dict.fromkeys(("alt_text", "caption"), _TEXT_OR_NULL),
        **dict.fromkeys(("width", "height"), _COUNT_OR_NULL),
        position=_COUNT,
        is_cover=_FLAG,
        renditions=_list(_ref("Rendition")),
    ),
    "PageVideo": _object(
        **dict.fromkeys(("id", "project_id", "url"), _TEXT),
        **dict.fromkeys(("alt_text", "caption", "poster_url"), _TEXT_OR_NULL),
        position=_COUNT,
    ),
    "PageLayout": _object(
        **dict.fromkeys(("id", "name", "created_at", "updated_at"), _TEXT),
        **dict.fromkeys(("user_id", "project_id", "template_id"), _TEXT_OR_NULL),
        blocks_json=_list(_ref("Block")),
        published=_FLAG,
    ),
    "PageTag": _object(project_id=_TEXT, tag=_TEXT),
    "PageTechnology": _object(project_id=_TEXT, technology=_TEXT),
    "PageMetric": _object(
        **dict.fromkeys(("id", "project_id", "recorded_at", "as_of"), _TEXT),
        platform=_PLATFORM,
        **dict.fromkeys(("likes", "comments", "stars", "forks", "watchers", "retweets", "replies"), _COUNT),
    ),
    "ProjectPage": _object(
        **dict.fromkeys(("id", "user_id", "title", "slug", "created_at", "updated_at"), _TEXT),
        **dict.fromkeys(("short_summary", "description"), _TEXT_OR_NULL),
        **dict.fromkeys(("live_link", "github_link", "linkedin_link", "twitter_link"), _TEXT_OR_NULL),
        **dict.fromkeys(("published_at", "hidden_at", "hidden_reason"), _TEXT_OR_NULL),
        status=_STATUS,
        position=_COUNT,
        pinned=_FLAG,
        users=_ref("PageOwner"),
        project_images=_list(_ref("PageImage")),
        project_videos=_list(_ref("PageVideo")),
        project_tags=_list(_ref("PageTag")),
        project_technologies=_list(_ref("PageTechnology")),
        layouts=_list(_ref("PageLayout")),
        latest_metrics=_list(_ref("PageMetric")),
    ),
    "StorageUsage": _object(
        **dict.fromkeys(
            ("used_bytes", "used_files", "reserved_bytes", "reserved_files", "max_bytes", "max_files"), _COUNT
        )
    ),
    "UsedOf": _USED,
    "Used": _object(used=_COUNT),
    "DesignUse": _object(used=_COUNT, max=_COUNT, left=_COUNT, resets_at=_TEXT),
    "ExportUse": _object(running={"type": "boolean"}, ready_until=_TIME_OR_NULL),
    "PlanUse": _object(
        projects=_ref("UsedOf"),
        layouts=_ref("UsedOf"),
        images=_ref("Used"),
        videos=_ref("Used"),
        designs=_ref("DesignUse"),
        exports=_ref("ExportUse"),
        storage=_ref("StorageUsage"),
    ),
    "PlanPrice": _object(amount=_COUNT, currency=_TEXT, interval=_TEXT, interval_count=_COUNT),
    "Plan": _object(
        tier={"enum": ["free", "paid"]},
        plan=_TEXT_OR_NULL,
        status=_TEXT_OR_NULL,
        price=_or_null(_ref("PlanPrice")),
        renews_at=_TIME_OR_NULL,
        ends_at=_TIME_OR_NULL,
        trial_end=_TIME_OR_NULL,
        grace_until=_TIME_OR_NULL,
        next_step={"enum": ["update_payment_method", "complete_payment", "add_payment_method", "none", "choose_plan"]},
        pay_url=_TEXT_OR_NULL,
        use=_ref("PlanUse"),
    ),
}

# By table and column.
JSON_COLUMNS: dict[tuple[str, str], Schema] = {
    ("layouts", "blocks_json"): _list(_ref("Block")),
    ("templates", "blocks_json"): _list(_ref("Block")),
    ("project_images", "renditions"): _list(_ref("Rendition")),
}

# Of views whose columns are no table's own: what is never null all the same.
NEVER_NULL: dict[str, frozenset[str]] = {"field_rules": frozenset({"name", "table_name", "rule", "message"})}

# By RPC and argument: text that is one of some words.
ARGUMENTS: dict[tuple[str, str], Schema] = {
    ("reorder_project_media", "kind"): {"enum": ["image", "video"]},
    ("report_project", "reason"): {
        "enum": ["spam", "harassment", "copyright", "illegal", "personal_data", "malware", "other"]
    },
    ("search_projects", "sort"): {"enum": ["relevance", "stars", "likes", "newest"]},
}

# By RPC; null where the caller may see nothing.
JSON_RESULTS: dict[str, Schema] = {
    "username_available": {"enum": ["available", "taken", "reserved", "held", "invalid"]},
    "find_page": _or_null(_ref("Page")),
    "get_project_page": _or_null(_ref("ProjectPage")),
    "get_project_preview": _or_null(_ref("ProjectPage")),
    "create_project_preview": _ref("PreviewLink"),
    "search_projects": _ref("FoundProjects"),
    "get_project_metrics": _or_null(_ref("ProjectMetrics")),
    "get_my_plan": _or_null(_ref("Plan")),
    "get_storage_usage": _or_null(_ref("StorageUsage")),
}
