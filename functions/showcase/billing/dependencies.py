"""What the billing functions need."""

from dataclasses import dataclass

from showcase.billing.settings import BillingSettings
from showcase.billing.stripe_api import Stripe
from showcase.database import Database


@dataclass(frozen=True)
class Billing:
    """Dependencies of the billing functions."""

    database: Database
    stripe: Stripe
    settings: BillingSettings
