"""The inbox: what was sent, as users would see it. Mails are shown in a sandbox: nothing in them runs or loads."""

import time
from collections.abc import Sequence
from html import escape

from local.simulators.page import STYLE
from local.simulators.sendgrid.messages import Message

# Inside the frame: its own styles, and nothing from anywhere.
_FRAME_POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)


def inbox_page(messages: Sequence[Message], to: str) -> str:
    rows = "".join(
        f"<tr><td>{time.strftime('%H:%M:%S', time.localtime(message.at))}</td><td>{escape(message.to)}</td>"
        f'<td><a href="/_simulator/inbox/{escape(message.id)}">{escape(message.subject)}</a></td>'
        f"<td class='muted'>{escape(_status(message))}</td></tr>"
        for message in messages
    )
    table = f"<table>{rows}</table>" if rows else '<p class="muted">Nothing was sent yet.</p>'
    heading = "Inbox" if to == "*" else f"Inbox of {escape(to)}"
    return _page("Inbox", f'<nav><a href="/_simulator">Simulator</a></nav><h1>{heading}</h1>{table}')


def message_page(message: Message, *, phone: bool) -> str:
    source = message.html.replace("<head>", f"<head>{_FRAME_POLICY}", 1)
    here = f"/_simulator/inbox/{escape(message.id)}"
    width = ' class="phone"' if phone else ""
    headers = "\n".join(f"{name}: {value}" for name, value in message.headers.items())
    return _page(
        message.subject,
        f'<nav><a href="/_simulator/inbox">Inbox</a><a href="{here}">Wide</a><a href="{here}?phone=1">Phone</a></nav>'
        f"<h1>{escape(message.subject)}</h1><p class='muted'>From {escape(message.sender)} to {escape(message.to)}, "
        f"{escape(_status(message))}</p>"
        f'<iframe{width} sandbox referrerpolicy="no-referrer" srcdoc="{escape(source)}"></iframe>'
        f"<h2>Plain text</h2><pre>{escape(message.text)}</pre>"
        f"<h2>Headers and arguments</h2><pre>{escape(headers)}\n{escape(repr(message.custom_args))}</pre>",
    )


def _status(message: Message) -> str:
    return ", ".join(event["event"] for event in message.events) or "accepted"


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>"
    )
