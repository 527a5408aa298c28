"""The subscription of the demo rows: without it, reconciliation would find that Stripe does not know theirs."""

import json

from local.simulators.stripe.customers import new_customer
from local.simulators.stripe.payments import new_card
from local.simulators.stripe.subscriptions import Wanted, begin
from local.simulators.stripe.world import World


def seed(world: World) -> None:
    """As the settings say, unless a kept state has it."""
    user, identity = world.settings.demo_user, world.settings.demo_subscription
    if not (user and identity) or world.state.find(identity, "subscription"):
        return
    metadata = {"user_id": user}
    customer = new_customer(world, metadata=metadata)
    customer["invoice_settings"]["default_payment_method"] = new_card(world, customer)["id"]
    price = world.state.kinds["price"]["price_pro_monthly"]
    made = begin(world, customer, Wanted(items=[(price, 1)], metadata=metadata))
    # Under the name that the rows have, wherever it is mentioned.
    world.state.kinds = json.loads(json.dumps(world.state.kinds).replace(made["id"], identity))
