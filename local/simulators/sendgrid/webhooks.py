"""The settings of event webhooks: https://www.twilio.com/docs/sendgrid/api-reference/webhooks"""

import uuid
from datetime import UTC, datetime
from typing import Any

from pydantic import Field, ValidationError
from starlette.responses import JSONResponse, Response

from local.simulators.sendgrid.events import Events
from local.simulators.sendgrid.requests import Part, refusal, refused
from local.simulators.simulator import Answer, Call

PATH = "/v3/user/webhooks/event/settings"
MOST = 5


class WebhookSettings(Part):
    """All that may be set; what is not given stays, or is off."""

    url: str | None = Field(default=None, pattern=r"^https?://")
    friendly_name: str | None = None
    enabled: bool | None = None
    processed: bool | None = None
    dropped: bool | None = None
    deferred: bool | None = None
    delivered: bool | None = None
    bounce: bool | None = None
    spam_report: bool | None = None
    unsubscribe: bool | None = None
    open: bool | None = None
    click: bool | None = None
    group_resubscribe: bool | None = None
    group_unsubscribe: bool | None = None


class Signature(Part):
    enabled: bool


class Webhooks:
    """The account's event webhooks. The last one that was set and is on is where events go."""

    def __init__(self, events: Events, public_key: str) -> None:
        self._events = events
        self._public_key = public_key
        self._kept: dict[str, dict[str, Any]] = {}

    def routes(self) -> list[tuple[str, str, Answer]]:
        return [
            ("GET", f"{PATH}/all", self._all),
            ("POST", PATH, self._create),
            ("PATCH", f"{PATH}/signed/{{id}}", self._sign),
            ("PATCH", f"{PATH}/{{id}}", self._update),
        ]

    async def _all(self, _: Call) -> Response:
        return JSONResponse({"max_allowed": MOST, "webhooks": list(self._kept.values())})

    async def _create(self, call: Call) -> Response:
        if len(self._kept) >= MOST:
            return refusal(400, "maximum number of webhooks reached")
        off = dict.fromkeys(set(WebhookSettings.model_fields) - {"url", "friendly_name"}, False)
        return self._set(call, {"id": str(uuid.uuid4()), "created_date": _now(), "public_key": "", **off}, 201)

    async def _update(self, call: Call) -> Response:
        found = self._kept.get(call.request.path_params["id"])
        return self._set(call, found, 200) if found else refusal(404, "webhook not found")

    async def _sign(self, call: Call) -> Response:
        found = self._kept.get(call.request.path_params["id"])
        if found is None:
            return refusal(404, "webhook not found")
        try:
            wanted = Signature.model_validate_json(call.body)
        except ValidationError as error:
            return refused(error.errors(include_url=False))
        found["public_key"] = self._public_key if wanted.enabled else ""
        return JSONResponse({"id": found["id"], "public_key": found["public_key"]})

    def _set(self, call: Call, webhook: dict[str, Any], status: int) -> Response:
        try:
            wanted = WebhookSettings.model_validate_json(call.body)
        except ValidationError as error:
            return refused(error.errors(include_url=False))
        webhook |= wanted.model_dump(exclude_none=True) | {"updated_date": _now()}
        if not webhook.get("url"):
            return refusal(400, "url is required")
        self._kept[webhook["id"]] = webhook
        if webhook["enabled"]:
            self._events.url = webhook["url"]
        return JSONResponse({name: value for name, value in webhook.items() if name != "public_key"}, status)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
