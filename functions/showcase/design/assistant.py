"""One request from the first token to its settled session, whatever happens in between."""

import asyncio
import hashlib
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import UUID

from showcase.auth import Caller
from showcase.core import Core
from showcase.design import hero_images, store
from showcase.design.composer import Composer
from showcase.design.design_context import DesignContext
from showcase.design.domain import Json, Rules, Session
from showcase.design.errors import TimedOut
from showcase.design.openai_api import Meter, OpenAI, estimate_tokens
from showcase.design.prompt import Prompt
from showcase.design.prompt_leaks import Confidential
from showcase.design.schemas import DesignRequest
from showcase.design.settings import DesignSettings
from showcase.design.sse import Queue
from showcase.errors import ApiError
from showcase.observability.telemetry import log, report


@dataclass(frozen=True)
class Assistant:
    """What all requests of a process share. `running` keeps tasks alive whose caller has gone."""

    core: Core
    settings: DesignSettings
    model: OpenAI | None
    running: set[asyncio.Task[Any]] = field(default_factory=set)

    def most_micros(self, prompt: Prompt, with_image: bool) -> int:
        """The most that a request can cost: two answers of full length, the second asked with the first."""
        written = self.settings.design_max_output_tokens
        read = 2 * estimate_tokens(prompt.messages()) + written
        return self.settings.micros(read, 2 * written, int(with_image))


@dataclass
class Run:
    """One request that has been counted; `run` completes its session exactly once."""

    assistant: Assistant
    model: OpenAI
    caller: Caller
    request: DesignRequest
    context: DesignContext
    prompt: Prompt
    session: Session
    request_id: str
    streamed: bool
    events: Queue = field(default_factory=asyncio.Queue)
    blocks: list[Json] = field(default_factory=list)
    usage: Json = field(default_factory=dict)
    layout_id: UUID | None = None
    failure: ApiError | None = None
    meter: Meter = field(default_factory=Meter)
    image: hero_images.NewImage | None = None

    async def run(self) -> None:
        """Puts `block`s into the events, then `usage` and `done`, or `error`; raises only where it is cancelled."""
        started = time.monotonic()
        try:
            try:
                async with asyncio.timeout(self.assistant.settings.design_seconds):
                    await self._design()
            except TimeoutError:
                raise TimedOut from None
            finally:
                self.usage = self._usage(started)
            self.layout_id = await self._finish("done", output={"blocks": self.blocks})
        except asyncio.CancelledError:
            # Blocks that were shown are a design that was had, even where the caller hung up after them.
            await self._fail("cancelled", "client_gone", returned=not (self.streamed and self.blocks))
            raise
        except ApiError as error:
            self.failure = error
            if self.streamed and error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                report(error)  # the answer has begun, and nobody sees this one as its status
        except Exception as error:  # noqa: BLE001 - the session must be completed, and the caller gets an error
            report(error)
            self.failure = ApiError()
        if self.failure is not None:
            await self._fail("failed", self.failure.code)
            self._emit("error", self.failure.problem(self.request_id))
            return
        self._emit("usage", self.usage)
        layout_id = str(self.layout_id) if self.layout_id else None
        self._emit("done", {"session_id": str(self.session.id), "layout_id": layout_id})

    def _emit(self, kind: str, data: Json) -> None:
        self.events.put_nowait((kind, data))

    async def _design(self) -> None:
        await self._moderate()
        picture = asyncio.create_task(self._picture()) if self.request.generate_image else None
        composer = Composer(
            model=self.model,
            rules=self._rules(),
            prompt=self.prompt,
            identifier=_identifier(self.caller),
            meter=self.meter,
            on_block=self._show,
            picture=picture,
            kept_picture=self.context.picture,
            blocks=self.blocks,
        )
        writing = asyncio.create_task(composer.compose())
        tasks = [task for task in (picture, writing) if task]
        try:
            # Whichever fails first ends both.
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _moderate(self) -> None:
        if self.assistant.settings.openai_moderation == "on":
            await self.model.moderate("\n".join(filter(None, [self.request.style.notes, self.prompt.content.words])))

    async def _picture(self) -> dict[str, str]:
        data = await self.model.draw(self.prompt.image(), _identifier(self.caller), self.meter)
        self.image = hero_images.new_image(self.caller, data)
        days = self.assistant.settings.design_image_url_days
        url = await hero_images.store(self.assistant.core, self.caller, self.image, days)
        return {"url": url, "alt": f"An illustration for {self.prompt.content.title}"}

    def _show(self, block: Json) -> None:
        self._emit("block", {"index": len(self.blocks) - 1, "block": block})

    def _rules(self) -> Rules:
        content, settings = self.prompt.content, self.assistant.core.settings
        key = self.assistant.settings.openai_api_key
        secrets = [settings.supabase_secret_key, settings.supabase_jwt_secret, key]
        known = [secret.get_secret_value() for secret in secrets if secret]
        return Rules(
            images=frozenset(content.images),
            videos=frozenset(content.videos),
            links=frozenset(link.url for link in content.links),
            words=content.words,
            confidential=Confidential(self.prompt.instructions, (self.prompt.canary, self.prompt.marker, *known)),
        )

    async def _fail(self, status: str, code: str, *, returned: bool = True) -> None:
        """Completes a session that came to nothing. Where not even that is possible, it counts as abandoned later."""
        log.warning("design %s: %s", status, code)
        if self.image is not None:
            await hero_images.remove(self.assistant.core, self.caller, self.image)
        try:
            await self._finish(status, error_code=code, returned=returned)
        except ApiError as error:
            report(error)

    async def _finish(self, status: str, **more: Any) -> UUID | None:
        outcome = {"status": status, **self.usage, **more}
        if status == "done" and self.request.save_as_layout:
            template_id = str(self.request.template_id) if self.request.template_id else None
            name = self.request.layout_name or self.prompt.content.title[:120]
            outcome["layout"] = {"name": name, "template_id": template_id}
        meter = self.meter
        cost = self.assistant.settings.micros(meter.input_tokens, meter.output_tokens, meter.images)
        return await store.finish(self.assistant.core.database, self.session.id, cost, outcome)

    def _usage(self, started: float) -> Json:
        return {
            "model": self.assistant.settings.openai_model,
            "input_tokens": self.meter.input_tokens,
            "output_tokens": self.meter.output_tokens,
            "latency_ms": round((time.monotonic() - started) * 1000),
        }


def _identifier(caller: Caller) -> str:
    """An id by which OpenAI distinguishes users: a SHA-256 that says nothing about them."""
    return hashlib.sha256(f"showcase:{caller.user_id}".encode()).hexdigest()
