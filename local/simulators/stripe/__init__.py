"""Stripe's API for subscriptions: small, stateful, and told by tests what to do with its events."""

from local.simulators.stripe.app import create_app

__all__ = ["create_app"]
