"""The parameters of subscriptions that the simulator takes."""

from typing import Annotated, Literal

from pydantic import Field

from local.simulators.stripe.parameters import (
    Clearable,
    Created,
    Expanding,
    Listed,
    Metadata,
    Paging,
    Params,
    Proration,
    Range,
    Text,
)

PaymentBehavior = Literal["allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"]


class Item(Params):
    id: str | None = None
    price: str | None = None
    quantity: Annotated[int, Field(ge=0)] | None = None
    deleted: bool = False


class NewItem(Params):
    price: str | None = None
    quantity: Annotated[int, Field(ge=0)] | None = None


class EndBehavior(Params):
    missing_payment_method: Literal["cancel", "create_invoice", "pause"]


class TrialSettings(Params):
    end_behavior: EndBehavior = EndBehavior(missing_payment_method="create_invoice")


class CancellationDetails(Params):
    comment: Clearable[Text] = None
    feedback: Clearable[
        Literal[
            "customer_service", "low_quality", "missing_features", "other", "switched_service", "too_complex",
            "too_expensive", "unused",
        ]
    ] = None  # fmt: skip


class PauseCollection(Params):
    behavior: Literal["keep_as_draft", "mark_uncollectible", "void"]
    resumes_at: int | None = None


class Create(Expanding):
    customer: str
    items: Annotated[Listed[NewItem], Field(min_length=1)]
    cancel_at_period_end: bool = False
    default_payment_method: str | None = None
    description: Text | None = None
    metadata: Metadata = None
    off_session: bool = False
    payment_behavior: PaymentBehavior = "allow_incomplete"
    trial_end: int | Literal["now"] | None = None
    trial_period_days: Annotated[int, Field(ge=0)] | None = None
    trial_settings: TrialSettings = TrialSettings()


class Update(Expanding):
    cancel_at: Clearable[int | Literal["max_period_end", "min_period_end"]] = None
    cancel_at_period_end: bool = False
    cancellation_details: CancellationDetails | None = None
    default_payment_method: str | None = None
    description: Clearable[Text] = None
    items: Listed[Item] = Field(default_factory=list)
    metadata: Metadata = None
    off_session: bool = False
    pause_collection: Clearable[PauseCollection] = None
    payment_behavior: PaymentBehavior = "allow_incomplete"
    proration_behavior: Proration = "create_prorations"
    trial_end: int | Literal["now"] | None = None


class Cancel(Expanding):
    cancellation_details: CancellationDetails | None = None


class Resume(Expanding):
    billing_cycle_anchor: Literal["now"] = "now"
    proration_behavior: Proration = "create_prorations"


Status = Literal[
    "active", "all", "canceled", "ended", "incomplete", "incomplete_expired", "past_due", "paused", "trialing", "unpaid"
]


class List(Created):
    current_period_end: int | Range | None = None
    current_period_start: int | Range | None = None
    customer: str | None = None
    price: str | None = None
    status: Status | None = None
    test_clock: str | None = None


class ListItems(Paging):
    subscription: str
