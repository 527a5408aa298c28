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
        status={"enum": ["draft", "published", "archived"]},
        github_link=_TEXT_OR_NULL,
        linkedin_link=_TEXT_OR_NULL,
        twitter_link=_TEXT_OR_NULL,
        snapshots=_list(_ref("MetricsSnapshot")),
        history=_list(_ref("MetricsSnapshot")),
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

# By RPC; null where the caller may see nothing.
JSON_RESULTS: dict[str, Schema] = {
    "get_project_metrics": _or_null(_ref("ProjectMetrics")),
    "get_my_plan": _or_null(_ref("Plan")),
    "get_storage_usage": _or_null(_ref("StorageUsage")),
}
