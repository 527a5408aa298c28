"""`unsubscribe`: where the links of our e-mails lead.

GET shows a page and changes nothing, because scanners of mail follow links.
POST declines, from that page's button or straight from a mail program (RFC 8058), without a sign-in.
"""

from dataclasses import dataclass

from starlette.responses import HTMLResponse, Response

from showcase.core import Core
from showcase.database import Database
from showcase.endpoint import Call, Endpoint
from showcase.notifications import store
from showcase.notifications.settings import NotificationSettings
from showcase.notifications.unsubscribe_pages import Page, render_page
from showcase.notifications.unsubscribe_tokens import ExpiredLink, InvalidLink, Links, make_links
from showcase.settings import load

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True)
class Unsubscribing:
    """Reads links, and stores what they say."""

    database: Database
    links: Links
    site_url: str


def unsubscribe_dependencies(core: Core) -> Unsubscribing:
    settings = load(NotificationSettings)
    return Unsubscribing(core.database, make_links(core.settings, settings), settings.site)


async def handle_unsubscribe(call: Call[bytes], unsubscribing: Unsubscribing) -> Response:
    page, status = Page.CONFIRM, 200
    try:
        user_id, type_ = unsubscribing.links.read(call.request.query_params.get("token", ""))
    except InvalidLink:
        return _show(Page.INVALID, None, 400, unsubscribing)
    except ExpiredLink:
        return _show(Page.EXPIRED, None, 410, unsubscribing)
    if call.request.method == "POST":
        await store.decline(unsubscribing.database, user_id, type_)
        page = Page.DONE
    return _show(page, type_, status, unsubscribing)


def _show(page: Page, type_: str | None, status: int, unsubscribing: Unsubscribing) -> Response:
    return HTMLResponse(render_page(page, type_, unsubscribing.site_url), status, HEADERS)


unsubscribe = Endpoint(
    name="unsubscribe",
    summary="The unsubscribe page that e-mails link to, and its one-click POST (RFC 8058)",
    body=bytes,
    answer=None,
    callers=None,
    connect=unsubscribe_dependencies,
    handle=handle_unsubscribe,
    method="GET, POST",
    also={status: {"text/html": "A page for the user."} for status in (200, 400, 410)},
    parameters=(("query", "token"),),
    reads="application/x-www-form-urlencoded",
)
