"""`GET /functions/v1/metricsCard?project_id=...`: a project's numbers as a picture for any page."""

import hashlib
from uuid import UUID

from starlette.responses import Response

from showcase.auth import ANONYMOUS, Kind
from showcase.core import Core
from showcase.database import Database
from showcase.endpoint import EVERYONE, Call, Endpoint
from showcase.errors import NotFound
from showcase.http import RequestModel
from showcase.metrics import card, store

# Numbers change once a day; caches may show the old picture while they fetch the new one.
CACHE = "public, max-age=3600, stale-while-revalidate=86400"
# The first numbers come within minutes of the link.
CACHE_WITHOUT_NUMBERS = "public, max-age=60"
# What only its owner may see is in no cache: a shared one would show it to everybody.
CACHE_OF_OWNER = "private, no-store"


class CardRequest(RequestModel):
    """A project by its id, in the query."""

    project_id: UUID


def card_database(core: Core) -> Database:
    return core.database


async def handle_metrics_card(call: Call[CardRequest], database: Database) -> Response:
    """Reads as a visitor first, so that shared caches store only what everybody may see; then as its owner."""
    cache = CACHE
    metrics = await store.get_project(database, ANONYMOUS, call.body.project_id, card.DAYS)
    if metrics is None and call.caller.kind is Kind.USER:
        cache = CACHE_OF_OWNER
        metrics = await store.get_project(database, call.caller, call.body.project_id, card.DAYS)
    if metrics is None:
        raise NotFound("There is no published project with this id.", code="project_not_found")
    if cache is CACHE and not metrics.snapshots:
        cache = CACHE_WITHOUT_NUMBERS
    return _picture(card.render(metrics).encode(), cache, call.request.headers.get("if-none-match", ""))


def _picture(picture: bytes, cache: str, known: str) -> Response:
    headers = {
        "ETag": f'"{hashlib.sha256(picture).hexdigest()[:32]}"',
        "Cache-Control": cache,
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options": "nosniff",
    }
    if headers["ETag"] in {tag.strip().removeprefix("W/") for tag in known.split(",")}:
        return Response(status_code=304, headers=headers)
    return Response(picture, headers=headers, media_type="image/svg+xml")


metrics_card = Endpoint(
    name="metricsCard",
    summary="A project's numbers and thirty days of each as an SVG picture, light and dark; of a draft, for its owner",
    body=CardRequest,
    answer=None,
    callers=EVERYONE,
    connect=card_database,
    handle=handle_metrics_card,
    cancel_on_disconnect=True,
    method="GET",
    problems=(NotFound,),
    also={200: {"image/svg+xml": "The picture."}, 304: {}},
)
