"""Whether tests that lack a Docker engine or an image are skipped, or fail."""

import os
from collections.abc import Mapping
from typing import NoReturn

import pytest


def unavailable(reason: str, environment: Mapping[str, str] = os.environ) -> NoReturn:
    """Fails where DOCKER_REQUIRED is set, as by the workflow's job that exists for these tests; else skips."""
    if environment.get("DOCKER_REQUIRED"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
