"""LinkedIn's social metadata of posts, asked for in batches the way Rest.li 2.0 has it."""

from local.simulators.linkedin.app import create_app

__all__ = ["create_app"]
