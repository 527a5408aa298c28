"""Whether it was Stripe who sent this body, and not long ago."""

from collections.abc import Iterable

from stripe import SignatureVerificationError, WebhookSignature

from showcase.errors import BadRequest


class InvalidSignature(BadRequest):
    """This was not signed by Stripe with a secret of this endpoint, or it was signed too long ago."""

    default_code = "invalid_signature"


def verify(body: bytes, header: str, secrets: Iterable[str], tolerance: int) -> None:
    """Compares in constant time, with each of the secrets.

    Raises:
        InvalidSignature: whatever is wrong; which of it, only we need to know.
    """
    # The comparison takes text of ASCII alone, and what Stripe signs is UTF-8.
    if not header.isascii() or not _is_text(body):
        raise InvalidSignature
    for secret in secrets:
        try:
            WebhookSignature.verify_header(body, header, secret, tolerance)
        except SignatureVerificationError:
            continue
        return
    raise InvalidSignature


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
