"""Stripe's API for subscriptions: small, stateful, and controlled by tests with its events."""

from local.simulators.stripe.app import create_app

__all__ = ["create_app"]
