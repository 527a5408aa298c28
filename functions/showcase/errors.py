"""Errors that a caller may see, and failures of the vendors behind us.

Every `ApiError` becomes an RFC 9457 problem document (`problem()` below). Its docstring is the default detail.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import ClassVar


class ApiError(Exception):
    """Something went wrong on our side. It has been recorded; please try again later."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    default_code: ClassVar[str] = "internal_error"

    def __init__(
        self,
        detail: str | None = None,
        *,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, object]] = (),
    ) -> None:
        self.detail = detail or " ".join((type(self).__doc__ or "").split())
        self.code = code or self.default_code
        self.headers = dict(headers or {})
        self.errors = list(errors)
        super().__init__(f"{self.code}: {self.detail}")

    def problem(self, request_id: str) -> dict[str, object]:
        """The problem document: type, title, status, detail, code, request_id, error (and errors, where any)."""
        body: dict[str, object] = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": int(self.status),
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id,
            "error": f"{self.code}: {self.detail}",  # all that supabase-py shows of an answer
        }
        return {**body, "errors": self.errors} if self.errors else body


class BadRequest(ApiError):
    """The request could not be read."""

    status = HTTPStatus.BAD_REQUEST
    default_code = "bad_request"


class Unauthorized(ApiError):
    """Sign in first: send `Authorization: Bearer <access token>`."""

    status = HTTPStatus.UNAUTHORIZED
    default_code = "unauthorized"

    def __init__(self, detail: str | None = None, *, code: str | None = None) -> None:
        super().__init__(detail, code=code, headers={"WWW-Authenticate": "Bearer"})


class AccountGone(Unauthorized):
    """This account is gone."""

    default_code = "account_gone"


class Forbidden(ApiError):
    """You may not do this."""

    status = HTTPStatus.FORBIDDEN
    default_code = "forbidden"


class NotFound(ApiError):
    """There is nothing here that you can see."""

    status = HTTPStatus.NOT_FOUND
    default_code = "not_found"


class MethodNotAllowed(ApiError):
    """This function does not answer that method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    default_code = "method_not_allowed"


class Conflict(ApiError):
    """This does not fit what is there now."""

    status = HTTPStatus.CONFLICT
    default_code = "conflict"


class ContentTooLarge(ApiError):
    """The body is larger than this function takes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "content_too_large"


class UnsupportedMediaType(ApiError):
    """Send the body as `Content-Type: application/json`."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    default_code = "unsupported_media_type"


class UnprocessableContent(ApiError):
    """Some fields are missing, unknown or have a bad value; `errors` says which."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "invalid_request"


class ServiceUnavailable(ApiError):
    """A part that this needs does not answer right now. Please try again in a moment."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "unavailable"

    def __init__(
        self, detail: str | None = None, *, code: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail, code=code, headers={"Retry-After": "2", **(headers or {})})


class SafeToLogError(Exception):
    """An error whose text is ids and words of ours alone, so that it may stand in logs and reports."""


class Failure(StrEnum):
    """What a vendor's failure means for us; every vendor's errors are sorted into these once, at its client."""

    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    REJECTED = "rejected"
    GONE = "gone"
    FORBIDDEN = "forbidden"


# What somebody should know of. The rest is a vendor's ordinary answer.
FAILING = frozenset({Failure.UNAVAILABLE, Failure.REJECTED})


class VendorError(Exception):
    """A vendor did not do what we asked.

    `retry_after` is in seconds, where the vendor said when to come back. Never carries the vendor's body: `reason` is a
    status, the vendor's code, or the name of an exception, since it stands in logs and reports.
    """

    def __init__(self, vendor: str, failure: Failure, reason: str = "", retry_after: float | None = None) -> None:
        self.vendor = vendor
        self.failure = failure
        self.reason = reason
        self.retry_after = retry_after
        super().__init__(f"{vendor}: {failure}" + (f" ({reason})" if reason else ""))
