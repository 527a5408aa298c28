"""Stripe's simulator, put together."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from local.simulators.simulator import Simulator
from local.simulators.stripe import catalogue, endpoints
from local.simulators.stripe.api import Api, api_key
from local.simulators.stripe.behaviours import KINDS, adapter, scopes
from local.simulators.stripe.console import demo, timeline
from local.simulators.stripe.console.control import Control
from local.simulators.stripe.console.dashboard import Dashboard
from local.simulators.stripe.console.pages import Pages
from local.simulators.stripe.context import Context
from local.simulators.stripe.events.deliveries import Deliveries
from local.simulators.stripe.events.dispatch import Dispatch
from local.simulators.stripe.settings import Settings, split
from local.simulators.stripe.state import load, save

_ABOUT = (
    "Answers Stripe's API for customers, prices, checkout, the billing portal, subscriptions, invoices, events and "
    "test clocks, and sends signed webhooks. /_simulator/dashboard shows what there is. Subjects are ids, e-mails, "
    "metadata values and client_reference_ids, `token:<key>` and `*`; `/<operation>` or `/<event type>` after one "
    "narrows it: `cus_1/subscriptions.retrieve`, `*/invoice.paid`."
)
_TICK_SECONDS = 1.0


def create_app() -> Starlette:
    """What `local.simulators` serves."""
    settings = Settings()
    context = Context(load(settings.state_file), settings, settings.public_url.rstrip("/"))
    catalogue.seed(context.state, int(time.time()))
    endpoints.first_endpoint(context, split(settings.webhook_secrets))
    simulator = Simulator("Stripe", _ABOUT, KINDS, adapter(), scopes=scopes, credential=api_key)
    deliveries = Deliveries(context, simulator.rules)
    dispatch = Dispatch(context, deliveries)
    with dispatch.instead("none"):
        demo.seed(context)
    api = Api(simulator, context)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        deliveries.resume()
        ticking = asyncio.create_task(_tick(context))
        yield
        ticking.cancel()
        await deliveries.close()
        _save(context)

    routes: list[Route | Mount] = [
        *Dashboard(context, dispatch).routes(),
        *Control(context, dispatch).routes(),
        *Pages(context).routes(),
        Mount("/", simulator.app(api.routes(), otherwise=api.elsewhere)),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def _tick(context: Context) -> None:
    """Our own time passes too: renewals happen, and the state is kept."""
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        try:
            timeline.catch_up(context)
            _save(context)
        except Exception:
            logging.getLogger(__name__).exception("time passed, and something went wrong")


def _save(context: Context) -> None:
    if context.settings.state_file and context.dirty:
        context.dirty = False
        save(context.state, context.settings.state_file)
