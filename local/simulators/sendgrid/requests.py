"""What SendGrid takes: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator
from starlette.responses import JSONResponse, Response

_ADDRESS = re.compile(r"[^@\s<>\x00-\x1f]{1,64}@[^@\s<>\x00-\x1f.]+(\.[^@\s<>\x00-\x1f.]+)*")
_RESERVED = frozenset(
    (
        "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from",
        "subject", "reply-to", "cc", "bcc",
    )
)  # fmt: skip
LARGEST = 30 * 1024 * 1024  # bytes, of a whole message
_MOST_CUSTOM_ARGS = 10_000  # bytes


def _one_line(value: str) -> str:
    if re.search(r"[\r\n]", value):
        raise ValueError("must not contain line breaks")
    return value


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError("Does not contain a valid address.")
    return value


def _headers(value: dict[str, str]) -> dict[str, str]:
    for name, content in value.items():
        if name.lower() in _RESERVED:
            raise ValueError(f"The header {name} is reserved.")
        if not re.fullmatch(r"[!-9;-~]+", name) or not content.isascii():
            raise ValueError("Headers must be ASCII.")
        _one_line(content)
    return value


def _custom_args(value: dict[str, str]) -> dict[str, str]:
    if sum(len(name.encode()) + len(content.encode()) for name, content in value.items()) > _MOST_CUSTOM_ARGS:
        raise ValueError(f"Custom arguments may have {_MOST_CUSTOM_ARGS} bytes.")
    return value


Line = Annotated[str, Field(min_length=1), AfterValidator(_one_line)]
Headers = Annotated[dict[str, str], AfterValidator(_headers)]
CustomArgs = Annotated[dict[str, str], AfterValidator(_custom_args)]


class Part(BaseModel):
    """Of a request; what SendGrid does not know, it refuses."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class EmailAddress(Part):
    email: Annotated[str, AfterValidator(_address)]
    name: Annotated[str, AfterValidator(_one_line)] | None = None


class Content(Part):
    type: Line
    value: str = Field(min_length=1)


class Attachment(Part):
    content: str = Field(min_length=1)
    filename: Line
    type: Line | None = None
    disposition: Literal["inline", "attachment"] = "attachment"
    content_id: Line | None = None


class Personalization(Part):
    to: list[EmailAddress] = Field(min_length=1, max_length=1000)
    cc: list[EmailAddress] = Field(default_factory=list)
    bcc: list[EmailAddress] = Field(default_factory=list)
    from_: EmailAddress | None = Field(default=None, alias="from")
    subject: Line | None = None
    headers: Headers = Field(default_factory=dict)
    substitutions: dict[str, str] = Field(default_factory=dict)
    dynamic_template_data: dict[str, JsonValue] = Field(default_factory=dict)
    custom_args: CustomArgs = Field(default_factory=dict)
    send_at: int | None = None


class MailSend(Part):
    personalizations: list[Personalization] = Field(min_length=1, max_length=1000)
    from_: EmailAddress = Field(alias="from")
    reply_to: EmailAddress | None = None
    reply_to_list: list[EmailAddress] = Field(default_factory=list)
    subject: Line | None = None
    content: list[Content] = Field(default_factory=list)
    attachments: list[Attachment] = Field(default_factory=list)
    template_id: str | None = None
    headers: Headers = Field(default_factory=dict)
    categories: list[Annotated[str, Field(max_length=255)]] = Field(default_factory=list, max_length=10)
    custom_args: CustomArgs = Field(default_factory=dict)
    send_at: int | None = None
    batch_id: str | None = None
    asm: dict[str, JsonValue] | None = None
    ip_pool_name: str | None = Field(default=None, min_length=2, max_length=64)
    mail_settings: dict[str, JsonValue] = Field(default_factory=dict)
    tracking_settings: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def whole(self) -> "MailSend":
        for envelope in self.personalizations:
            everyone = [recipient.email.lower() for recipient in (*envelope.to, *envelope.cc, *envelope.bcc)]
            if len(everyone) != len(set(everyone)):
                raise ValueError("Each email address in the personalization block should be unique.")
            if not self.template_id and not (envelope.subject or self.subject):
                raise ValueError("The subject is required.")
        if not self.template_id and not self.content:
            raise ValueError("Unless a valid template_id is provided, the content parameter is required.")
        order = [content.type for content in self.content if content.type in {"text/plain", "text/html"}]
        if order == ["text/html", "text/plain"]:
            raise ValueError("If present, text/plain must be first, followed by text/html.")
        return self


def read(body: bytes) -> MailSend | Response:
    """The request, or SendGrid's refusal of it."""
    if len(body) > LARGEST:
        return refusal(413, "content too large")
    try:
        return MailSend.model_validate_json(body)
    except ValidationError as error:
        return refused(error.errors(include_url=False))


def refused(errors: list[Any]) -> Response:
    """400, with what is wrong and where."""
    return JSONResponse({"errors": [_error(error) for error in errors]}, 400)


def _error(error: Mapping[str, Any]) -> dict[str, Any]:
    field = ".".join(map(str, error["loc"]))
    return {"message": error["msg"], **({"field": field} if field else {})}


def refusal(status: int, message: str) -> Response:
    return JSONResponse({"errors": [{"message": message}]}, status)
