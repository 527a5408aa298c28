"""What Stripe refuses, sorted by what it means here, and what a user is answered."""

import re
from http import HTTPStatus

import stripe

from showcase.errors import ApiError, Failure, VendorError

# "You cannot combine currencies on a single customer. This customer has an active subscription, ..., or active
# subscription mode checkout session with currency gbp." It has no code of its own.
_CURRENCY = re.compile(r"combine currencies.*currency ([a-z]{3})\b", re.IGNORECASE | re.DOTALL)
_INACTIVE = re.compile(r"(?:price|product)\b.*\binactive", re.IGNORECASE | re.DOTALL)


WRONG_ACCOUNT = "wrong_stripe_account"


class CurrencyConflict(ApiError):
    """Your payments are in another currency: choose a price in that one."""

    status = HTTPStatus.CONFLICT
    default_code = "currency_conflict"


class CurrencyRefused(VendorError):
    """Stripe bills a customer in one currency, `currency`, as long as anything of the customer's is in it."""

    def __init__(self, currency: str) -> None:
        super().__init__("stripe", Failure.REJECTED, "currency_conflict")
        self.currency = currency


class PriceRefused(VendorError):
    """The price is missing or archived, or its product is."""

    def __init__(self) -> None:
        super().__init__("stripe", Failure.REJECTED, "price_unavailable")


class WrongAccount(VendorError):
    """The key, or what was received, is of another account or mode than our rows."""

    def __init__(self, account_id: str | None = None) -> None:
        super().__init__("stripe", Failure.FORBIDDEN, WRONG_ACCOUNT)
        self.account_id = account_id


def classify(error: stripe.StripeError) -> VendorError:
    """Sorts Stripe's errors (https://docs.stripe.com/error-handling); the reason is its code, never its text."""
    reason = f"{type(error).__name__} {error.code or ''}".strip()
    text, param = error.user_message or "", str(getattr(error, "param", ""))
    match error:
        case stripe.RateLimitError():
            failure = Failure.RATE_LIMITED
        case stripe.InvalidRequestError() if (found := _CURRENCY.search(text)) is not None:
            return CurrencyRefused(found[1].lower())
        case stripe.InvalidRequestError() if error.code == "resource_missing":
            # A price that is missing says nothing of the customer who was to pay it.
            return PriceRefused() if "price" in param else VendorError("stripe", Failure.GONE, reason)
        case stripe.InvalidRequestError() if _INACTIVE.search(text):
            return PriceRefused()
        case stripe.PermissionError():
            failure = Failure.FORBIDDEN
        case stripe.APIConnectionError():
            failure = Failure.UNAVAILABLE
        case _ if (status := error.http_status or 0) < 400 or status >= 500 or status == 409:
            failure = Failure.UNAVAILABLE
        case _:
            failure = Failure.REJECTED
    return VendorError("stripe", failure, reason)
