"""The little that the pages share."""

from collections.abc import Mapping
from html import escape

from starlette.responses import HTMLResponse

from local.simulators.page import STYLE


def document(title: str, body: str, *, status: int = 200, wide: bool = False) -> HTMLResponse:
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title>"
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body{'' if wide else ' class=narrow'}><h1>{escape(title)}</h1>{body}</body></html>",
        status,
    )


def button(label: str, values: Mapping[str, str], *, main: bool = False) -> str:
    """A form of one button."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in values.items()
    )
    return f'<form method="post">{hidden}<button{" class=main" if main else ""}>{escape(label)}</button></form>'


def amount(cents: int, currency: str) -> str:
    return f"{cents / 100:.2f} {currency.upper()}"
