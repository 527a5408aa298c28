"""The pages behind a link to unsubscribe."""

from enum import Enum
from html import escape

NAMES = {"renewal_upcoming": "reminders before a renewal", "weekly_metrics": "the weekly numbers of your projects"}
STYLE = """
:root { color-scheme: light dark }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: #f4f5f7; color: #1f2328 }
main { max-width: 26rem; margin: 12vh auto 0; padding: 2rem; background: #fff; border-radius: 12px }
h1 { margin: 0 0 .5rem; font-size: 1.35rem } p { margin: 0 0 1.25rem }
button { font: inherit; font-weight: 600; padding: .6rem 1.2rem; border: 0; border-radius: 8px; background: #4f46e5;
color: #fff; cursor: pointer } a { color: #4f46e5 }
@media (max-width: 30rem) { main { margin: 0; border-radius: 0 } }
@media (prefers-color-scheme: dark) { body { background: #0d1117; color: #f0f6fc } main { background: #161b22 }
a { color: #a5b4fc } }
"""


class Page(Enum):
    """Heading and text; `{}` is what the e-mails are called."""

    CONFIRM = ("Unsubscribe?", "You will no longer get {}.")
    DONE = ("You are unsubscribed", "You will no longer get {}. You can turn them on again in your settings.")
    INVALID = ("This link does not work", "It is incomplete. Please use the link in the e-mail as it is.")
    EXPIRED = ("This link is too old", "Please use the link of a newer e-mail, or change your settings.")


def render_page(page: Page, type_: str | None, site_url: str) -> str:
    """The form has no action: it posts to the address that it is shown at, token included."""
    heading, text = page.value
    button = '<form method="post"><button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>'
    back = f'<a href="{escape(site_url)}">Back to Showcase</a>'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{heading}</title><style>{STYLE}</style></head><body><main><h1>{heading}</h1>"
        f"<p>{text.format(escape(NAMES.get(type_ or '', 'these e-mails')))}</p>"
        f"{button if page is Page.CONFIRM else back}</main></body></html>"
    )
