"""`GET /functions/v1/metricsCard?project_id=...`: a published project's numbers as a picture for any page."""

import hashlib
from uuid import UUID

from starlette.responses import Response

from showcase.auth import ANONYMOUS
from showcase.core import Core
from showcase.database import Database
from showcase.endpoint import EVERYONE, Call, Endpoint
from showcase.errors import NotFound
from showcase.http import RequestModel
from showcase.metrics import card, store

# Numbers change once a day; caches may show the old picture while they fetch the new one.
CACHE = "public, max-age=3600, stale-while-revalidate=86400"


class CardRequest(RequestModel):
    """Which project's card."""

    project_id: UUID


def connect(core: Core) -> Database:
    return core.database


async def handle(call: Call[CardRequest], database: Database) -> Response:
    """Asked as a visitor whoever calls: a shared cache must never hold what only the owner may see."""
    metrics = await store.get_project(database, ANONYMOUS, call.body.project_id, card.DAYS)
    if metrics is None:
        raise NotFound("There is no published project with this id.", code="project_not_found")
    picture = card.render(metrics).encode()
    headers = {
        "ETag": f'"{hashlib.sha256(picture).hexdigest()[:32]}"',
        "Cache-Control": CACHE,
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options": "nosniff",
    }
    known = {tag.strip().removeprefix("W/") for tag in call.request.headers.get("if-none-match", "").split(",")}
    if headers["ETag"] in known:
        return Response(status_code=304, headers=headers)
    return Response(picture, headers=headers, media_type="image/svg+xml")


metrics_card = Endpoint(
    name="metricsCard",
    summary="A published project's numbers and thirty days of each as an SVG picture, in light and dark",
    body=CardRequest,
    answer=None,
    callers=EVERYONE,
    connect=connect,
    handle=handle,
    cancel_on_disconnect=True,
    method="GET",
    problems=(NotFound,),
    also={200: {"image/svg+xml": "The picture."}, 304: {}},
)
