"""What the control side takes."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewEvent(_Body):
    """`object` is an id, or the whole object."""

    type: str
    object: str | dict[str, Any]
    previous_attributes: dict[str, Any] | None = None
    created: int | None = None
    delivery: Literal["normal", "held", "none"] = "normal"


class Send(_Body):
    """To the endpoints that the event is for, or to `url`. The seconds of `age` make the signature that old."""

    event: str
    url: str | None = None
    secrets: list[str] | None = None
    times: int = Field(default=1, ge=1, le=1000)
    together: bool = False
    age: int = 0


class Release(_Body):
    """Held deliveries: those named, in that order, or those of a subject. One after the other, or all together."""

    deliveries: list[str] | None = None
    subject: str | None = None
    order: Literal["oldest_first", "newest_first", "random"] = "oldest_first"
    seed: int | None = None
    together: bool = False
    retry: bool = True


class Drain(_Body):
    subject: str | None = None
    timeout: float = Field(default=10, ge=0, le=300)


class Endpoint(_Body):
    url: str = Field(pattern="^https?://")
    secrets: list[str] = Field(min_length=1)
    api_version: str | None = None
    enabled_events: list[str] = ["*"]
    subject: str | None = None
    retry_seconds: list[float] | None = None


class Checkout(_Body):
    """`settled` and `not_settled` end what `processing` began."""

    outcome: Literal[
        "ok", "processing", "no_card", "card_declined", "insufficient_funds", "expired_card", "authentication_required",
        "expired", "settled", "not_settled",
    ] = "ok"  # fmt: skip
    email: str | None = None


class Card(_Body):
    outcome: Literal["ok", "card_declined", "insufficient_funds", "expired_card", "authentication_required"] = "ok"


class Advance(_Body):
    """`renewal`: until the next renewal's invoice was paid or not; `last_retry`: until the last retry of that."""

    seconds: int = Field(default=0, ge=0)
    to: int | Literal["period_end", "renewal", "last_retry"] | None = None

    @model_validator(mode="after")
    def _one(self) -> "Advance":
        if (self.to is None) == (self.seconds == 0):
            raise ValueError("either seconds or to")
        return self
