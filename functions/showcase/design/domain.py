"""Nouns and rules of a design: a session, and which of the model's blocks may be shown. No I/O."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from showcase.contrast import readable
from showcase.design.page.block_props import VideoProps
from showcase.design.page.block_types import Action, Image, Part
from showcase.design.page.blocks import block_adapter
from showcase.design.prompt_leaks import Confidential

Json = dict[str, Any]

MOST_ERRORS = 10

# What would be drawn as a link, where a page makes links of plain text.
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.)[^\s<>\"'`]+", re.IGNORECASE)
# Signs that cannot be stored, or that show text in another order than it is in.
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Session:
    """A request that is counted in the daily quota and whose cost is reserved; `resets_in` is in seconds."""

    id: UUID
    limit: int
    remaining: int
    resets_in: int

    @property
    def headers(self) -> dict[str, str]:
        """`RateLimit` headers of the answer."""
        return rate_limit_headers(self.limit, self.remaining, self.resets_in)


class InvalidBlock(Exception):
    """What is wrong with a block, in words that the model can act upon."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors[:MOST_ERRORS]
        super().__init__("; ".join(self.errors))


@dataclass(frozen=True)
class Rules:
    """What blocks may refer to (the project's own), and what they must not say."""

    images: frozenset[str]
    videos: frozenset[str]
    links: frozenset[str]
    words: str  # all that the project says of itself: an address in it may be repeated
    confidential: Confidential

    def check(self, raw: Any) -> Json:
        """A block as it is stored: valid, within the rules, its colours readable.

        Raises:
            InvalidBlock: it is not one of the catalogue's, or breaks a rule.
        """
        try:
            block = block_adapter.validate_python(_normal(raw))
        except ValidationError as error:
            raise InvalidBlock([_describe(problem) for problem in error.errors(include_input=False)]) from None
        errors = [*self._foreign(block), *self._addresses(block)]
        if self.confidential.is_in(_texts(block.model_dump())):
            errors.append("a text repeats confidential instructions")
        if errors:
            raise InvalidBlock(errors)
        checked: Json = _readable(block.model_dump(mode="json"))
        return checked

    def _foreign(self, block: Part) -> Iterator[str]:
        for part in _parts(block):
            if isinstance(part, Image) and part.url not in self.images:
                yield "an image is not one of the project's: use only content.images"
            if isinstance(part, VideoProps) and part.url is not None and part.url not in self.videos:
                yield "a video is not one of the project's: use only content.videos"
            if isinstance(part, Action) and part.url not in self.links:
                yield "a link is not one of the project's: use only content.links"

    def _addresses(self, block: Part) -> Iterator[str]:
        own = self.images | self.videos | self.links
        for text in _texts(block.model_dump()):
            for address in _ADDRESS.findall(text):
                if address not in own and (plain := address.rstrip(".,;:!?)]}")) not in own and plain not in self.words:
                    yield "a text has an address that is not the project's"


def _normal(raw: Any, colors: bool = False) -> Any:
    """Without signs that nobody should see, with colours in lower case, and nothing where there is an empty text."""
    if isinstance(raw, dict):
        normal = {str(_normal(key)): _normal(value, colors or key == "colors") for key, value in raw.items()}
        return {key: value for key, value in normal.items() if value != ""}
    if isinstance(raw, list):
        return [_normal(value) for value in raw]
    if isinstance(raw, str):
        text = _UNWANTED.sub("", raw)
        return text.lower() if colors else text
    return raw


def _describe(problem: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    return f"{place}: {problem['msg']}" if place else str(problem["msg"])


def _parts(value: Any) -> Iterator[Part]:
    if isinstance(value, Part):
        yield value
        for name in type(value).model_fields:
            yield from _parts(getattr(value, name))
    elif isinstance(value, list):
        for each in value:
            yield from _parts(each)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _readable(value: Any) -> Any:
    """The same with text and accents that stand out from their background."""
    if isinstance(value, list):
        return [_readable(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"background", "text", "accent"}:
        ground = value["background"]
        return {"background": ground, **{name: readable(value[name], ground) for name in ("text", "accent")}}
    return {name: _readable(each) for name, each in value.items()}


def rate_limit_headers(limit: int, remaining: int, resets_in: int) -> dict[str, str]:
    """https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ in the form that most clients read."""
    return {"RateLimit-Limit": str(limit), "RateLimit-Remaining": str(remaining), "RateLimit-Reset": str(resets_in)}
