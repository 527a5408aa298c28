"""X API v2: looking up posts by their ids, with what it limits and what it bills."""

from local.simulators.x.app import create_app

__all__ = ["create_app"]
