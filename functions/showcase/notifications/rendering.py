"""An e-mail from its template: subject, plain text and HTML, safe whatever was written into the payload."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from showcase.notifications.domain import NotificationType, SitePages
from showcase.notifications.template_context import facts

TEMPLATES = Path(__file__).with_name("templates")
LONGEST_LINE = 900  # octets; RFC 5322 allows 998
LONGEST_SUBJECT = 150  # characters
# SendGrid's SDK refuses to carry what looks like one of its keys: a title that does is shown all the same.
_LIKE_A_KEY = re.compile(r"SG\.(?=[0-9a-zA-Z]+\.[0-9a-zA-Z])")


@dataclass(frozen=True)
class Email:
    """What the recipient sees."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Reader:
    """Who reads it, and how they decline it, where they may."""

    username: str
    email: str
    decline_url: str | None = None


@dataclass(frozen=True)
class Renderer:
    """The templates, and the pages of the site that they lead to."""

    templates: Environment
    pages: SitePages

    def render(self, type_: NotificationType, payload: Mapping[str, Any], reader: Reader) -> Email:
        """The first line of the plain text is the subject."""
        context = {"data": facts(payload), "reader": reader, "pages": self.pages.of(reader.username)}
        written = self.templates.get_template(f"{type_}.txt").render(context)
        subject, _, body = written.partition("\n")
        subject = one_line(subject.removeprefix("Subject: "))
        page = self.templates.get_template(f"{type_}.html").render(context, subject=subject)
        plain = re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"
        return Email(
            subject=subject, text=_LIKE_A_KEY.sub("SG\u2024", fold(plain)), html=_LIKE_A_KEY.sub("SG&#46;", fold(page))
        )


def make_renderer(pages: SitePages) -> Renderer:
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    return Renderer(templates, pages)


def one_line(given: str) -> str:
    """A header's value: one line of a length that is read."""
    line = " ".join("".join(c if c.isprintable() else " " for c in given).split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1].rstrip() + "…"


def fold(given: str) -> str:
    """No line longer than mail can carry, broken where there is a space; HTML reads a line break as one."""
    return "\n".join(part for line in given.splitlines() for part in _parts(line))


def _parts(line: str) -> list[str]:
    if len(line.encode()) <= LONGEST_LINE:
        return [line]
    parts, current = [], ""
    for word in line.split(" "):
        if current and len(f"{current} {word}".encode()) > LONGEST_LINE:
            parts.append(current)
            current = word
        else:
            current = f"{current} {word}" if current else word
    return [*parts, current]
