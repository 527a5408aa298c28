"""The subscription of the demo rows: without it, reconciliation would find that Stripe does not know theirs."""

import json

from local.simulators.stripe.context import Context
from local.simulators.stripe.customers import new_customer
from local.simulators.stripe.invoicing.payments import new_card
from local.simulators.stripe.invoicing.subscriptions import Wanted, begin


def seed(context: Context) -> None:
    """As the settings say, unless a kept state has it."""
    user, identity = context.settings.demo_user, context.settings.demo_subscription
    if not (user and identity) or context.state.find(identity, "subscription"):
        return
    metadata = {"user_id": user}
    customer = new_customer(context, metadata=metadata)
    customer["invoice_settings"]["default_payment_method"] = new_card(context, customer)["id"]
    price = context.state.kinds["price"]["price_pro_monthly"]
    made = begin(context, customer, Wanted(items=[(price, 1)], metadata=metadata))
    # Under the name that the rows have, wherever it is mentioned.
    context.state.kinds = json.loads(json.dumps(context.state.kinds).replace(made["id"], identity))
