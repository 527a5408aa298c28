"""Visitors from addresses of their own: loopback has sixteen million, and limits are by address."""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.support import plain_http
from tests.support.stack import Caller, Stack
from tests.support.users import User

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
Visit = Callable[..., httpx.Client]


@pytest.fixture
def visit(stack: Stack) -> Iterator[Visit]:
    """A client of a caller (a visitor), with a browser's name, from an address that no other test has."""
    if sys.platform != "linux":
        pytest.skip("only Linux lets a client use any address of 127.0.0.0/8")
    with ExitStack() as closing:

        def made(caller: Caller = "anon", agent: str = BROWSER) -> httpx.Client:
            address = ".".join(["127", *(str(random.randint(1, 250)) for _ in range(3))])
            client = plain_http.Client(
                base_url=stack.url,
                headers=stack.headers(caller) | {"User-Agent": agent},
                transport=plain_http.HTTPTransport(local_address=address),
                timeout=30,
            )
            return closing.enter_context(client)

        yield made


@pytest.fixture
def project(owner: httpx.Client) -> str:
    """The id of a published project of `owner`."""
    return add(owner)["id"]


def add(client: httpx.Client, title: str = "Mine", status: str = "published", **more: object) -> dict[str, str]:
    """A new project of the client's user."""
    answer = client.post(
        "/rest/v1/projects",
        json={"title": title, "status": status} | more,
        headers={"Prefer": "return=representation"},
    )
    answer.raise_for_status()
    row: dict[str, str] = answer.json()[0]
    return row


def rpc(client: httpx.Client, function: str, /, **arguments: object) -> httpx.Response:
    return client.post(f"/rest/v1/rpc/{function}", json=arguments)


def change(client: httpx.Client, project: str, **values: object) -> httpx.Response:
    return client.patch(f"/rest/v1/projects?id=eq.{project}", json=values, headers={"Prefer": "return=representation"})


def rename(client: httpx.Client, user: User, username: str) -> httpx.Response:
    return client.patch(f"/rest/v1/users?id=eq.{user.id}", json={"username": username})
