"""Makes a page out of what the model writes: each block is checked and handed on, and what is wrong is fixed once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from showcase.design.domain import MOST_ERRORS, InvalidBlock, Json, Rules
from showcase.design.errors import InvalidDesign
from showcase.design.openai_api import Meter, OnText
from showcase.design.page.json_schema import LONGEST_PAGE
from showcase.design.prompt import Prompt
from showcase.design.stream_parser import AnswerReader

OnBlock = Callable[[Json], None]


class Writer(Protocol):
    """A model that writes an answer; see `OpenAI.write`."""

    async def write(self, messages: list[dict[str, str]], identifier: str, meter: Meter, on_text: OnText) -> str:
        """Passes each piece of text to `on_text`. Returns why the answer ended: `stop`, or `length` (cut off)."""
        ...


@dataclass
class Composer:
    """One request's page. `blocks` are final: they are shown at once, and a repair adds to them."""

    model: Writer
    rules: Rules
    prompt: Prompt
    identifier: str
    meter: Meter
    on_block: OnBlock
    picture: Awaitable[dict[str, str]] | None = None  # the hero's image, once it is there
    kept_picture: dict[str, str] | None = None  # the one that was made for the design that is being refined
    blocks: list[Json] = field(default_factory=list)

    async def compose(self) -> None:
        """Raises: InvalidDesign, where the answer was not valid twice; what OpenAI's failures mean."""
        errors = await self._ask(self.prompt.messages())
        if errors and await self._ask(self.prompt.repair(self.blocks, errors)):
            raise InvalidDesign

    async def _ask(self, messages: list[dict[str, str]]) -> list[str]:
        """One answer; what was wrong with it. Blocks after the first wrong one are looked at, but not kept."""
        reader = AnswerReader()
        errors: list[str] = []

        async def read(text: str) -> None:
            try:
                for raw in reader.feed(text):
                    await self._add(raw, errors)
            except (ValueError, RecursionError):
                errors.append("the answer is not valid JSON")

        finish = await self.model.write(messages, self.identifier, self.meter, read)
        if finish == "length":
            errors.append("the answer was cut off: use fewer blocks and shorter texts")
        elif not errors:
            try:
                reader.complete()
            except (ValueError, RecursionError):
                errors.append("the answer is not valid JSON of the shape that was asked for")
        if not errors and not self.blocks:
            errors.append("there are no blocks")
        return errors[:MOST_ERRORS]

    async def _add(self, raw: Any, errors: list[str]) -> None:
        number = len(self.blocks)
        try:
            if number >= LONGEST_PAGE:
                raise InvalidBlock([f"there are more than {LONGEST_PAGE} blocks"])
            # Checking takes milliseconds of this process's only thread: in between, other requests run.
            await asyncio.sleep(0)
            block = self.rules.check(raw)
            if self.picture is not None and number == 0 and block["type"] != "hero":
                raise InvalidBlock(["the first block must be a hero"])
        except InvalidBlock as error:
            errors.extend(f"block {number}: {each}" for each in error.errors)
            return
        if errors:
            return
        if number == 0 and block["type"] == "hero":
            if self.picture is not None:
                block["props"]["image"] = await self.picture
            elif block["props"]["image"] is None:
                block["props"]["image"] = self.kept_picture
        self.blocks.append(block)
        self.on_block(block)
