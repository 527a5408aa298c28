"""What needs a Docker engine: STACK=docker asks for it, so that `make test` alone never does."""

import os

import pytest

from tests.support.docker.docker_required import unavailable

BASE_IMAGE = "python:3.13-slim-bookworm"


@pytest.fixture(scope="session")
def engine() -> None:
    if os.environ.get("STACK") != "docker":
        pytest.skip("STACK=docker runs this, with a Docker engine")
    from tests.support.docker import containers

    if reason := containers.why_not():
        unavailable(reason)


@pytest.fixture(scope="session")
def base_image(engine: None) -> str:
    """Something with Python: what the functions' image is built on, unless BASE_IMAGE names another."""
    from tests.support.docker import containers

    name = os.environ.get("BASE_IMAGE") or BASE_IMAGE
    if reason := containers.why_no_image(name):
        unavailable(reason)
    return name
