"""OpenAI, through its SDK: structured answers as they are written, images, moderation.

The SDK asks again by itself where that may help; nothing here does.
"""

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import openai

from showcase.design import openai_http
from showcase.design.errors import Interrupted, InvalidImage, Refused, TimedOut, Unavailable
from showcase.design.page.json_schema import answer_schema
from showcase.design.settings import DesignSettings
from showcase.observability.telemetry import report, timed
from showcase.outbound.retry_after import parse_retry_after

USERS_RETRY_AFTER = 30  # seconds, for users who wait, where OpenAI does not say how long it is busy
_CHARACTERS_A_TOKEN = 3  # where usage is not reported: rather too many tokens than too few
_MOST_TOKENS = 10_000_000  # of one request: what is more is no number of tokens
_FORMAT = {"type": "json_schema", "json_schema": {"name": "page", "strict": True, "schema": answer_schema()}}
_SCHEMA_TOKENS = len(json.dumps(_FORMAT)) // _CHARACTERS_A_TOKEN

# What the SDK raises for a body that is no answer of OpenAI's.
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)

OnText = Callable[[str], Awaitable[None]]


@dataclass
class Meter:
    """What one request has used so far, also where it fails."""

    input_tokens: int = 0
    output_tokens: int = 0
    images: int = 0

    @contextmanager
    def guessing(self, input_tokens: int = 0, images: int = 0) -> Iterator[None]:
        """Counts a call before it is made: one that is cancelled or too slow is paid for all the same."""
        self.input_tokens += input_tokens
        self.images += images
        try:
            yield
        except (Unavailable, Refused, Interrupted):
            self.input_tokens -= input_tokens
            self.images -= images
            raise


def estimate_tokens(messages: list[dict[str, str]]) -> int:
    """The most that these messages and the schema can be."""
    return _SCHEMA_TOKENS + sum(len(message["content"].encode()) for message in messages) // _CHARACTERS_A_TOKEN


@dataclass(frozen=True)
class OpenAI:
    """One process's client, with its own pool of connections."""

    client: openai.AsyncOpenAI = field(repr=False)
    settings: DesignSettings

    async def write(self, messages: list[dict[str, str]], identifier: str, meter: Meter, on_text: OnText) -> str:
        """Hands on the answer's text piece by piece; returns why it ended: `stop` or `length`.

        Raises: an ApiError; cancelling it hangs up.
        """
        messages_: Any = messages
        format_: Any = _FORMAT
        asked = estimate_tokens(messages)
        with meter.guessing(asked), _failures(), timed("openai"):
            stream = await self.client.chat.completions.create(
                model=self.settings.openai_model,
                messages=messages_,
                response_format=format_,
                max_completion_tokens=self.settings.design_max_output_tokens,
                safety_identifier=identifier,
                store=False,
                stream=True,
                stream_options={"include_usage": True},
            )
        usage, written, finish = None, 0, None
        try:
            with _failures(reading=True):
                async for chunk in stream:
                    usage = chunk.usage or usage
                    for choice in chunk.choices or ():
                        finish = choice.finish_reason or finish
                        if choice.delta.refusal or finish == "content_filter":
                            raise Refused
                        if choice.delta.content:
                            written += len(choice.delta.content)
                            await on_text(choice.delta.content)
        finally:
            read = _tokens(usage, "prompt_tokens")
            meter.input_tokens += 0 if read is None else read - asked
            made = _tokens(usage, "completion_tokens")
            meter.output_tokens += written // _CHARACTERS_A_TOKEN + 1 if made is None else made
            await stream.close()
        if finish not in ("stop", "length"):
            raise Interrupted
        return str(finish)

    async def draw(self, prompt: str, identifier: str, meter: Meter) -> bytes:
        """One wide image; raises: an ApiError."""
        with meter.guessing(images=1), _failures(), timed("openai"):
            answer = await self.client.images.generate(
                model=self.settings.openai_image_model,
                prompt=prompt,
                n=1,
                size="1536x1024",
                quality="medium",
                output_format="webp",
                user=identifier,
            )
        try:
            encoded = answer.data[0].b64_json if answer.data else None
            return base64.b64decode(encoded or "", validate=True)
        except (binascii.Error, ValueError, TypeError, AttributeError):
            raise InvalidImage from None

    async def moderate(self, text: str) -> None:
        """Raises: Refused, where the text is against OpenAI's policies."""
        with _failures(), timed("openai"):
            answer = await self.client.moderations.create(model=self.settings.openai_moderation_model, input=text)
            flags = [result.flagged for result in answer.results]
        if not flags or not all(isinstance(flag, bool) for flag in flags):
            raise Unavailable  # whatever it is, it is no moderation
        if any(flags):
            raise Refused("The texts of this request are against the usage policies.", code="content_flagged")


def _tokens(usage: Any, name: str) -> int | None:
    """A number of tokens that a request can have; None where none is reported."""
    number = getattr(usage, name, None)
    return number if type(number) is int and 0 <= number <= _MOST_TOKENS else None


def openai_client(settings: DesignSettings, key: str) -> OpenAI:
    """OpenAI's SDK over a client that bounds responses and waits; `key` is its API key."""
    client = openai.AsyncOpenAI(
        api_key=key,
        base_url=settings.base_url,
        max_retries=settings.openai_max_retries,
        timeout=openai.Timeout(settings.design_seconds, connect=5.0),
        http_client=openai_http.bounded_client(),
    )
    # The SDK imports its parts when they are first touched, which would hold up a request, and all others beside it.
    _ = client.chat.completions, client.moderations
    return OpenAI(client, settings)


@contextmanager
def _failures(*, reading: bool = False) -> Iterator[None]:
    """Sorts what the SDK raises, once. Nothing of OpenAI's own words is passed on. `reading`: an answer had begun."""
    try:
        yield
    except openai.APITimeoutError:
        raise TimedOut from None
    except openai.APIConnectionError:
        raise (Interrupted if reading else Unavailable) from None
    except openai.APIStatusError as error:
        raise _of_status(error) from None
    except (openai.OpenAIError, httpx2.TransportError, httpx2.StreamError, *_UNREADABLE):
        raise Interrupted from None  # an error within the stream, the end of the connection, or no answer of OpenAI's


def _of_status(error: openai.APIStatusError) -> Exception:
    # No credit left, or a limit of the account's own reached: that is a 429 too, and passes only when somebody acts.
    spent = "insufficient_quota" in {error.type, error.code}
    if isinstance(error, openai.RateLimitError) and not spent:
        wait = parse_retry_after(error.response.headers)
        headers = {"Retry-After": str(USERS_RETRY_AFTER if wait is None else int(wait))}
        return Unavailable(
            "The assistant is busy right now. It does not count; please try again soon.",
            code="assistant_busy",
            headers=headers,
        )
    if error.status_code >= 500:
        return Unavailable()
    if error.code in {"content_policy_violation", "moderation_blocked"}:
        return Refused()
    report(error)
    return Unavailable("The assistant is not set up correctly; this has been recorded.", code="assistant_misconfigured")
