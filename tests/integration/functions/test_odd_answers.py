"""Whatever PostgREST, Storage or the other functions answer with success: never a 500, and a code that is known."""

import asyncio
import gc
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest
from showcase.endpoint import serve
from showcase.outbound.transport import new_transport
from showcase.routes import ENDPOINTS, find_endpoint
from starlette.applications import Starlette
from starlette.routing import Route

from local.settings import ROOT, VENDORS
from local.stack.services import functions, services
from tests.integration.functions.valid_requests import VALID, Valid, World
from tests.support import plain_http
from tests.support.cluster import MIGRATED, TestCluster
from tests.support.doubles.replay import Answer, Exchange, Recording, Replay, Switch, Transport, core_over, odd_answers
from tests.support.servers import running_services
from tests.support.stack import free_settings, stack_of, state_folder

# OpenAI's client, which brings its own connections, is closed by the end of a process alone.
pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]

SECONDS = 60  # for one answer, which is there after some milliseconds, or a few seconds where a call is repeated
AT_ONCE = 40
COSTLY = {"confirmUpload", "exportAccount", "continueAccountExports"}  # a process, or an archive, for each answer
FEW = ("null", "object", "list", "empty", "deep", "page", "half", "members null")
CODES = set(re.findall(r"`([a-z0-9_]+)`", (ROOT / "docs" / "errors.md").read_text()))


@pytest.fixture(scope="module")
def world(cluster: TestCluster) -> Iterator[World]:
    """The environment of this process is its functions', which run in it."""
    settings = free_settings(state_folder(cluster), tuple(VENDORS))
    with ExitStack() as stack:
        url = stack.enter_context(cluster.copy(MIGRATED))
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        stack.enter_context(running_services(services(settings, url), settings.logs, belongs_to=cluster.folder))
        for name, value in functions(settings).environment.items():
            environment.setenv(name, value)
        for name in ("NOTIFICATIONS_RUN_SECONDS", "ACCOUNT_EXPORT_WAIT_SECONDS"):
            environment.setenv(name, "1")
        yield World(stack_of(settings, url))


@dataclass
class Function:
    """One that runs here, and a valid request to it. Whatever it asks goes to the network that a call names."""

    path: str
    valid: Valid

    def __post_init__(self) -> None:
        self.switch = Switch()
        handler = serve(find_endpoint(self.path), core_over(self.switch))
        self.app = Starlette(routes=[Route(f"/functions/v1/{self.path}", handler, methods=["GET", "POST"])])

    async def call(self, network: Transport) -> httpx.Response:
        self.switch.network.set(network)
        url = f"http://functions/functions/v1/{self.path}?{self.valid.query}"
        method = "GET" if self.valid.body is None else "POST"
        async with plain_http.AsyncClient(transport=httpx.ASGITransport(self.app)) as client, asyncio.timeout(SECONDS):
            return await client.request(method, url, content=self.valid.body, headers=dict(self.valid.headers))


def of_supabase(world: World, exchanges: list[Exchange]) -> list[int]:
    """The numbers of what Supabase was asked: of equal requests the first and the last.

    Not of what vendors were asked: test_unreadable_responses.py is about those.
    """
    asked = [(each.key, number) for number, each in enumerate(exchanges) if each.url.startswith(world.stack.url)]
    return sorted({*dict(asked).values(), *dict(reversed(asked)).values()})


def test_every_function_is_tried() -> None:
    assert set(VALID) == set(ENDPOINTS)


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_an_odd_answer_is_a_known_problem(world: World, path: str) -> None:
    function = Function(path, VALID[path](world))
    recording = Recording(new_transport())
    answer = await function.call(recording)
    assert answer.status_code < 500, answer.text
    asked = of_supabase(world, recording.exchanges)
    odd = {number: odd_answers(recording.exchanges[number].answer) for number in asked}
    if path in COSTLY:
        odd = {number: {name: answers[name] for name in FEW if name in answers} for number, answers in odd.items()}
    tried = [(name, {number: answer}) for number in asked for name, answer in odd[number].items()]
    names = {name: None for answers in odd.values() for name in answers}
    tried += [(name, {number: each[name] for number, each in odd.items() if name in each}) for name in names]
    at_once = asyncio.Semaphore(AT_ONCE)

    async def wrong(name: str, answers: dict[int, Answer]) -> str | None:
        async with at_once:
            replied = await function.call(Replay(recording.exchanges, answers))
        reason = problem(replied)
        return reason and f"{name} from {[recording.exchanges[number].key for number in answers]}: {reason}"

    found = [each for each in await asyncio.gather(*(wrong(*one) for one in tried)) if each]
    gc.collect()
    assert not found, "\n".join(found)


def problem(answer: httpx.Response) -> str | None:
    """What is wrong with an answer to a valid request."""
    if answer.status_code == 500:
        return "500"
    if answer.is_success:
        return None
    code = answer.json()["code"]
    return None if code in CODES and code != "internal_error" else f"unknown code {code}"
