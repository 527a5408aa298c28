"""The page on which a developer reads what a simulator is, received and does."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from local.simulators.behaviours import Behaviour

STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")  # of all simulators' pages


def render(
    state: Mapping[str, Any], kinds: Sequence[type[Behaviour]], address: str, tallies: Sequence[str] = ()
) -> str:
    """The same state that programs get as JSON."""
    name = escape(str(state["simulator"]))
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><link rel="icon" href="data:,"><title>{name} simulator</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>
<body>
<h1>{name} simulator</h1>
<p>{_prose(str(state["about"]))}</p>
<h2>Received</h2>
{_counts(state["counts"])}
{_requests(state["requests"])}
{"".join(f"<h2>{escape(name.capitalize())}</h2>{_counts(state[name])}" for name in tallies)}
<h2>Behaviours in force</h2>
{_behaviours(state["behaviours"])}
<details><summary><h2 style="display: inline-block">Behaviours it knows ({len(kinds)})</h2></summary>
{_kinds(kinds)}
</details>
<p>Set them for one subject, or for all with <code>*</code>, and take them back:</p>
<pre>{escape(_example(address))}</pre>
</body></html>"""


def _prose(text: str) -> str:
    """Plain text in which `backticks` mark code."""
    return "".join(f"<code>{part}</code>" if odd % 2 else part for odd, part in enumerate(escape(text).split("`")))


def _example(address: str) -> str:
    body = json.dumps({"*": [{"kind": "bad_gateway", "times": 2}]})
    return (
        f"curl -X PUT {address}/_simulator/behaviours -d '{body}'\n"
        f"curl -X DELETE '{address}/_simulator/behaviours?subject=*'\n"
        f"curl -X DELETE {address}/_simulator/requests"
    )


def _counts(counts: Mapping[str, int]) -> str:
    rows = "".join(
        f"<li><strong>{count:,}</strong> {'in all' if subject == '*' else 'for ' + escape(subject)}</li>"
        for subject, count in counts.items()
    )
    return f'<ul class="counts">{rows}</ul>'


def _requests(requests: Sequence[Mapping[str, Any]]) -> str:
    if not requests:
        return '<p class="muted">Nothing yet.</p>'
    rows = "".join(_request(entry) for entry in requests)
    return f"<table><tr><th>Time</th><th>Request</th><th>About</th><th>Answer</th></tr>{rows}</table>"


def _request(entry: Mapping[str, Any]) -> str:
    status = entry["status"]
    answer = '<span class="muted">waiting</span>'
    if status is not None:
        look = "bad" if status >= 400 else "good"
        answer = (
            f"<span class='status {look}'>{status}</span> <span class='muted'>{entry['seconds'] * 1000:.0f} ms</span>"
        )
    subjects = entry["subjects"]
    about = ", ".join(subjects[:5]) + (f" and {len(subjects) - 5} more" if len(subjects) > 5 else "")
    details = json.dumps({"credential": entry["credential"], **entry["headers"]}, indent=2)
    return (
        f"<tr><td>{escape(entry['at'][11:23])}</td><td><details><summary><code>{escape(entry['method'])} "
        f"{escape(entry['path'])}</code></summary><pre>{escape(details)}</pre><pre>{escape(_pretty(entry['body']))}</pre>"
        f"</details></td><td>{escape(about)}</td><td>{answer}</td></tr>"
    )


def _pretty(body: str) -> str:
    try:
        parsed = json.loads(body)
    except ValueError:
        return body
    # A GraphQL text is easier to read with its own line breaks.
    return json.dumps(parsed, indent=2).replace("\\n", "\n")


def _behaviours(behaviours: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    if not behaviours:
        return '<p class="muted">None: it answers as the vendor normally does.</p>'
    rows = "".join(
        f"<tr><td><code>{escape(subject)}</code></td><td><code>{escape(json.dumps(entry))}</code></td></tr>"
        for subject, entries in behaviours.items()
        for entry in entries
    )
    return f"<table><tr><th>Subject</th><th>Behaviour</th></tr>{rows}</table>"


def _kinds(kinds: Sequence[type[Behaviour]]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(kind.model_fields['kind'].default)}</code></td><td>{_prose(kind.__doc__ or '')}"
        f"</td><td>{_options(kind)}</td></tr>"
        for kind in kinds
    )
    common = ", ".join(
        f"<code>{escape(name)}</code>: {escape(field.description or '')}"
        for name, field in Behaviour.model_fields.items()
    )
    table = f"<table><tr><th>Kind</th><th>What it does</th><th>Options</th></tr>{rows}</table>"
    return f"{table}<p>Each also takes {common}.</p>"


def _options(kind: type[Behaviour]) -> str:
    own = {name: field for name, field in kind.model_fields.items() if name not in {"kind", *Behaviour.model_fields}}
    return "<br>".join(
        f"<code>{escape(name)}</code> <span class='muted'>"
        f"{escape('required' if field.is_required() else json.dumps(field.default))}</span>"
        for name, field in own.items()
    )
