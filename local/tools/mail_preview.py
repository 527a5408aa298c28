"""Renders every e-mail, with the smallest, a usual and the oddest data, to files to look at.

Usage: python -m local.tools.mail_preview [folder]
"""

import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from pydantic import HttpUrl

from local.settings import ROOT
from local.stack.state_lock import close_to_others

FOLDER = ROOT / ".local" / "mail"
SITE = "https://showcase.example"
LINK = f"{SITE}/functions/v1/unsubscribe?token={'0' * 32}.weekly_metrics.1893456000.{'A' * 43}"

USUAL: dict[str, dict[str, Any]] = {
    "welcome": {},
    "subscription_started": {
        "plan": "Pro, monthly",
        "amount": 900,
        "currency": "usd",
        "interval": "month",
        "interval_count": 1,
        "trial_end": "2026-12-11T00:00:00Z",
        "period_end": "2026-12-11T00:00:00Z",
    },
    "payment_refunded": {"plan": "Pro, monthly", "amount": 450, "paid": 900, "currency": "usd"},
    "cancellation_scheduled": {"plan": "Pro, monthly", "ends_at": "2026-12-31T10:00:00+00:00"},
    "cancellation_withdrawn": {"plan": "Pro, monthly", "period_end": "2026-12-31T10:00:00+00:00"},
    "renewal_upcoming": {"plan": "Pro, monthly", "amount": 900, "currency": "usd", "date": "2026-12-01T00:00:00Z"},
    "renewal_succeeded": {
        "plan": "Pro, monthly",
        "amount": 900,
        "currency": "usd",
        "period_end": "2027-01-01T00:00:00Z",
        "invoice_url": "https://invoice.stripe.com/i/acct_1/test_1",
    },
    "payment_failed": {
        "plan": "Pro, monthly",
        "amount": 900,
        "currency": "eur",
        "next_attempt": "2026-12-01T00:00:00Z",
    },
    "subscription_canceled": {"plan": "Pro, monthly", "ended_at": "2026-12-31T10:00:00+00:00"},
    "account_deleted": {"receipt_id": "8f14e45f-ceea-467f-a83c-001122334455"},
    "data_export_ready": {
        "url": f"{SITE}/storage/v1/object/sign/exports/a.zip?token=" + "x" * 200,
        "expires_at": "2026-11-29T16:00:00Z",
        "size_bytes": 48_300_000,
    },
    "contact_message": {
        "project": "Analytical Engine",
        "name": "Charles",
        "email": "charles@example.com",
        "message": "Dear Ada,\n\nwould you show it at our next meeting?",
    },
    "weekly_metrics": {
        "from": "2026-11-16",
        "to": "2026-11-23",
        "gained": 149,
        "more": 2,
        "projects": [
            {
                "title": "Analytical Engine",
                "gained": 128,
                "platforms": [
                    {"platform": "github", "now": 1840, "before": 1752},
                    {"platform": "linkedin", "now": 312, "before": 280},
                    {"platform": "twitter", "now": 96, "before": 88},
                ],
            },
            {"title": "Compiler", "gained": 21, "platforms": [{"platform": "github", "now": 402, "before": 381}]},
            {"title": "Note G", "gained": 0, "platforms": [{"platform": "twitter", "now": 12, "before": 12}]},
            {"title": "Loom", "gained": -3, "platforms": [{"platform": "linkedin", "now": 7, "before": 10}]},
        ],
    },
}

_ARABIC = "\u0645\u0631\u062d\u0628\u0627"
_ODD_TEXT = f'<script>alert("x")</script>\r\nBcc: a@b.example {{{{ 7 * 7 }}}} \u202e{_ARABIC} 👩‍💻 ' + "W" * 5000
ODD: dict[str, Any] = {
    "plan": _ODD_TEXT,
    "amount": 123456789012,
    "currency": "JPY",
    "period_end": "9999-12-31T23:59:59+14:00",
    "interval": "month",
    "interval_count": 2.5,
    "paid": "free",
    "trial_end": [],
    "ends_at": "2026-13-01",
    "next_attempt": "soon",
    "ended_at": -62135596800,
    "invoice_url": "javascript:alert(1)",
    "url": "https://example.com/" + "a" * 829,
    "expires_at": {"$gt": ""},
    "size_bytes": True,
    "receipt_id": "SG.abcdefghijklmnopqrstuv.wxyz" + "\x00\x7f",
    "from": "2026-01-01",
    "to": "2026-01-08",
    "gained": -5,
    "more": 1,
    "projects": [
        {"title": _ODD_TEXT, "gained": 999_999_999, "platforms": [{"platform": "github", "now": 10**11, "before": -1}]},
        {"title": "", "gained": None, "platforms": [{"platform": "myspace"}, None, {"platform": []}]},
        "not a project",
        {"title": "日本語のプロジェクト" * 12, "gained": 1, "platforms": None},
    ],
}
VARIANTS = ("smallest", "usual", "oddest")


def payload(type_: str, variant: str) -> dict[str, Any]:
    return {"smallest": {}, "usual": USUAL[type_], "oddest": ODD}[variant]


def main(folder: Path) -> None:
    sys.path.insert(0, str(ROOT / "functions"))
    from showcase.notifications.domain import OPTIONAL, NotificationType
    from showcase.notifications.rendering import Reader, make_renderer
    from showcase.notifications.settings import NotificationSettings

    folder.mkdir(parents=True, exist_ok=True)
    renderer = make_renderer(NotificationSettings(site_url=HttpUrl(SITE)).pages)
    sections = []
    for type_ in NotificationType:
        links = []
        for variant in VARIANTS:
            reader = Reader("ada", "ada@example.com", LINK if type_ in OPTIONAL else None)
            email = renderer.render(type_, payload(type_, variant), reader)
            name = f"{type_}-{variant}"
            (folder / f"{name}.html").write_text(email.html, encoding="utf-8")
            (folder / f"{name}.txt").write_text(f"Subject: {email.subject}\n\n{email.text}", encoding="utf-8")
            links.append(_links(name, variant, email.subject))
        sections.append(_section(str(type_), links))
    index = folder / "index.html"
    index.write_text(PAGE.format(style=STYLE, sections="".join(sections)), encoding="utf-8")
    print(f"{len(sections) * len(VARIANTS)} e-mails: {index}")


# The pages of the simulators have the same looks.
STYLE = (ROOT / "local" / "simulators" / "page.css").read_text(encoding="utf-8")
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>E-mails</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}
section {{ display: grid; grid-template-columns: 1fr 21rem; gap: 0 1.5rem; margin: 1.5rem 0; padding: 1rem 1.2rem; }}
section {{ border: 1px solid var(--line); border-radius: 8px; background: var(--card); }}
section h2 {{ margin: 0; grid-column: 1 / -1 }}
section iframe {{ height: 15rem }} table {{ align-self: start; border: 0 }}
@media (max-width: 45rem) {{ section {{ grid-template-columns: 1fr }} }}
</style></head><body><h1>E-mails</h1>
<p>Each with as little, as much and as odd contents as may be; shown is the usual one.</p>{sections}</body></html>"""


def _links(name: str, variant: str, subject: str) -> str:
    return (
        f'<tr><td>{variant}</td><td><a href="{name}.html">{escape(subject)}</a></td>'
        f'<td><a class="muted" href="{name}.txt">text</a></td></tr>'
    )


def _section(type_: str, links: Sequence[str]) -> str:
    title = escape(type_.replace("_", " ").capitalize())
    frame = f'<iframe src="{type_}-usual.html" title="{title}" loading="lazy" sandbox></iframe>'
    return f"<section><h2>{title}</h2><table>{''.join(links)}</table>{frame}</section>"


if __name__ == "__main__":
    close_to_others()
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
