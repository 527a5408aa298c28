"""GitHub's GraphQL API, run against GitHub's own published schema."""

from local.simulators.github.app import create_app

__all__ = ["create_app"]
