"""Why an upload is refused, as the caller sees it."""

from showcase.errors import ApiError, Conflict, Forbidden, NotFound, UnprocessableContent
from showcase.media.domain import DETAILS, RefusalCode
from showcase.storage_failures import StorageQuotaExceeded


def refusal(reason: RefusalCode) -> ApiError:
    """What the database or the checks say."""
    match reason:
        case "project_not_found":
            return NotFound("There is no such project, or you cannot see it.", code=reason)
        case "upload_not_found":
            return NotFound("There is no such upload of yours, or what it became is gone.", code=reason)
        case "not_the_owner":
            return Forbidden("Only the project's owner can add to it.", code=reason)
        case "storage_quota_exceeded":
            return StorageQuotaExceeded()
        case "too_many":
            return Conflict("The project has as many of these as your plan allows.", code=reason)
    return UnprocessableContent(DETAILS[reason], code=reason)
