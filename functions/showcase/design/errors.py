"""Errors that a caller of the assistant may get, beside the errors that all functions share."""

from http import HTTPStatus

from showcase.errors import ApiError


class InvalidDesign(ApiError):
    """The assistant's answer was not a valid design, twice. It does not count; please try again."""

    status = HTTPStatus.BAD_GATEWAY
    default_code = "invalid_design"


class Interrupted(ApiError):
    """The assistant broke off in the middle of its answer. It does not count; please try again."""

    status = HTTPStatus.BAD_GATEWAY
    default_code = "assistant_interrupted"


class InvalidImage(ApiError):
    """The assistant's image could not be used. The design does not count; please try again."""

    status = HTTPStatus.BAD_GATEWAY
    default_code = "invalid_image"


class TimedOut(ApiError):
    """The assistant took too long. It does not count; please try again."""

    status = HTTPStatus.GATEWAY_TIMEOUT
    default_code = "assistant_timeout"


class Unavailable(ApiError):
    """The assistant does not answer right now. It does not count; please try again in a moment."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "assistant_unavailable"


class Refused(ApiError):
    """The assistant does not want to design this. Please change the texts; it does not count."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "design_refused"


class QuotaExceeded(ApiError):
    """You have used today's designs; there will be new ones tomorrow (UTC)."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    default_code = "quota_exceeded"
