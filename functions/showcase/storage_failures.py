"""What Supabase Storage's error answers mean. Storage answers 400 for most of them, and puts the real status and a code
into the body: `{"statusCode": "404", "error": "not_found", "message": "Object not found", "code": "NoSuchKey"}`
(`src/internal/errors/codes.ts` of supabase/storage)."""

from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, ValidationError

from showcase.errors import ApiError, ContentTooLarge, NotFound, ServiceUnavailable
from showcase.responses import HttpResponse

# 423: another request writes the same object. 5xx is Storage's own or its database's, e.g. 544 for one that is away.
PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.LOCKED, HTTPStatus.TOO_MANY_REQUESTS}
# What the trigger on storage.objects raises (sql/media/storage_reservations.sql); a refused key is a 403 too.
QUOTA_EXCEEDED = "Storage quota exceeded"
OBJECT_MISSING = {"NoSuchKey", "not_found", "Not found"}  # the two latter: `error` of versions that send no `code`


class StorageQuotaExceeded(ContentTooLarge):
    """Your storage is full: delete files first, or take a larger plan."""

    default_code = "storage_quota_exceeded"


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore")

    statusCode: int | None = None  # noqa: N815
    error: str = ""
    message: str = ""
    code: str = ""


def unavailable() -> ServiceUnavailable:
    """The error for a Storage that does not answer."""
    return ServiceUnavailable("Storage does not answer right now.", code="storage_unavailable")


def failure(response: HttpResponse) -> ApiError:
    """The error for an answer of Storage that is not the success which was asked for; its body has been read.

    ServiceUnavailable for what passes, NotFound for an object that is not there, StorageQuotaExceeded. Anything else
    is a refusal of what should be right, among it an unknown bucket and a key or token that is not taken.
    """
    body = _body(response)
    status = body.statusCode or response.status_code
    # Below 400: something in front of Storage redirects, or answers in its place.
    if status in PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR or status < HTTPStatus.BAD_REQUEST:
        return unavailable()
    if status == HTTPStatus.NOT_FOUND and (body.code or body.error) in OBJECT_MISSING:
        return NotFound("There is no such file.", code="file_not_found")
    if body.message.startswith(QUOTA_EXCEEDED):
        return StorageQuotaExceeded()
    return ApiError(f"Storage answered {status} {body.code or body.error}".rstrip() + ".", code="storage_refused")


def _body(response: HttpResponse) -> _Body:
    try:
        return _Body.model_validate_json(response.content)
    except ValidationError:
        return _Body()
