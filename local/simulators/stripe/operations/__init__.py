"""The operations of Stripe's API that the simulator answers."""

from local.simulators.stripe.operations import (
    account,
    catalogue,
    clocks,
    customers,
    money,
    portal,
    sessions,
    subscriptions,
    webhooks,
)
from local.simulators.stripe.operations.base import Operation

OPERATIONS: tuple[Operation, ...] = (
    *account.OPERATIONS,
    *customers.OPERATIONS,
    *catalogue.OPERATIONS,
    *sessions.OPERATIONS,
    *portal.OPERATIONS,
    *subscriptions.OPERATIONS,
    *money.OPERATIONS,
    *webhooks.OPERATIONS,
    *clocks.OPERATIONS,
)
