"""What Stripe answers to a request that it refuses."""

from typing import Any

_DOCS = "https://stripe.com/docs/error-codes/"


class StripeError(Exception):
    """`{"error": {"type", "code", "message", "param", ...}}` with its status."""

    def __init__(self, status: int, kind: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.status = status
        code = members.get("code")
        documented = {"doc_url": _DOCS + code.replace("_", "-")} if code else {}
        self.error = (
            {"type": kind, "message": message} | {k: v for k, v in members.items() if v is not None} | documented
        )


def invalid(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> StripeError:
    return StripeError(status, "invalid_request_error", message, param=param, code=code)


def missing(kind: str, identity: str, *, param: str = "id", status: int = 404) -> StripeError:
    """404 for what the path names; 400 for what a parameter names."""
    return invalid(f"No such {kind}: '{identity}'", param=param, code="resource_missing", status=status)


def unknown_parameter(name: str) -> StripeError:
    return invalid(f"Received unknown parameter: {name}", param=name, code="parameter_unknown")


def no_key() -> StripeError:
    return invalid(
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer "
        "auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        status=401,
    )


def bad_key(key: str) -> StripeError:
    return invalid(f"Invalid API Key provided: {_masked(key)}", status=401)


def _masked(key: str) -> str:
    return f"{key[:8]}{'*' * max(0, len(key) - 12)}{key[-4:]}" if len(key) > 12 else "*" * len(key)


def not_permitted(key: str, account: str) -> StripeError:
    """A restricted key reads an account only with a permission that few have."""
    return invalid(
        f"The provided key '{_masked(key)}' does not have the required permissions for this endpoint on account "
        f"'{account}'. Having the 'rak_accounts_kyc_basic_read' permission would allow this request to continue.",
        status=403,
    )


def in_other_mode(error: StripeError, *, live_key: bool) -> StripeError:
    """What is missing for this key is there in the account's other mode."""
    key, other = ("live", "test") if live_key else ("test", "live")
    hint = f"a similar object exists in {other} mode, but a {key} mode key was used to make this request."
    error.error["message"] = f"{error.error['message']}; {hint}"
    return error


def combined_currencies(currency: str) -> StripeError:
    return invalid(
        "You cannot combine currencies on a single customer. This customer has an active subscription, subscription "
        "schedule, discount, quote, invoice item or active subscription mode checkout session with currency "
        f"{currency}."
    )


def unrecognized(method: str, path: str) -> StripeError:
    return invalid(
        f"Unrecognized request URL ({method}: {path}). The simulator answers only the operations that it lists on its "
        "page.",
        status=404,
    )


def rate_limited() -> StripeError:
    return StripeError(
        429,
        "invalid_request_error",
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        code="rate_limit",
    )


def broken() -> StripeError:
    return StripeError(500, "api_error", "An unknown error occurred")


def other_parameters(key: str) -> StripeError:
    return StripeError(
        400,
        "idempotency_error",
        "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using "
        f"a key other than '{key}' if you meant to execute a different request.",
    )


def key_in_use(key: str) -> StripeError:
    return StripeError(
        409,
        "invalid_request_error",
        f"There is currently another in-progress request using this Idempotent Key: {key}. Please try again later.",
        code="idempotency_key_in_use",
    )


def declined(outcome: str, **members: Any) -> StripeError:
    """402, for the ways in which a card refuses (`payments.OUTCOMES`)."""
    message, code, decline_code = DECLINES[outcome]
    return StripeError(402, "card_error", message, code=code, decline_code=decline_code, **members)


# How a card refuses: what Stripe says, its error code and its decline code.
DECLINES: dict[str, tuple[str, str, str]] = {
    "card_declined": ("Your card was declined.", "card_declined", "generic_decline"),
    "insufficient_funds": ("Your card has insufficient funds.", "card_declined", "insufficient_funds"),
    "expired_card": ("Your card has expired.", "expired_card", "expired_card"),
    "authentication_required": (
        "Your card was declined. This transaction requires authentication.",
        "authentication_required",
        "authentication_required",
    ),
}
