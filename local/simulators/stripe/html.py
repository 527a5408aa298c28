"""The little that the pages share."""

from collections.abc import Mapping
from html import escape

from starlette.responses import HTMLResponse

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 30rem; margin: 3rem auto; padding: 0 1rem; }
body.wide { max-width: 80rem; font-size: 14px; }
h1 { font-size: 1.4rem; }
h2 { margin-top: 2rem; font-size: 1.1rem; }
form { display: inline-block; margin: .2rem .3rem .2rem 0; }
button, select, input { font: inherit; padding: .35rem .8rem; border: 1px solid #8888; border-radius: 6px; }
button { cursor: pointer; }
button.main { background: #635bff; border-color: #635bff; color: white; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid #8884; }
code, pre { font: 12px/1.45 ui-monospace, monospace; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.muted { opacity: .65; }
.bad { color: #d1242f; }
"""


def document(title: str, body: str, *, status: int = 200, wide: bool = False) -> HTMLResponse:
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title>"
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body{' class=wide' if wide else ''}><h1>{escape(title)}</h1>{body}</body></html>",
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
