"""Fixtures that every test may use. Each database and server is the test run's own, on a free port."""

import os
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings

from local.stack.state_lock import StackError
from tests.support import supabase_stack
from tests.support.cluster import MIGRATED, TestCluster
from tests.support.distribution import ByServers, place, workers
from tests.support.docker.docker_required import unavailable
from tests.support.servers import last_lines
from tests.support.stack import Stack, running_stack
from tests.support.temporary_files import keep_in_memory
from tests.support.users import User

# How long an example takes says how busy the machine is. What a test's fixtures make, its examples share.
settings.register_profile(
    "tests", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("tests")

CLUSTER = pytest.StashKey[TestCluster]()

# About the embedded gateway itself, or led to the local simulator of Google, where Supabase's own Auth cannot be led.
EMBEDDED = [
    "auth/test_*.py",
    "e2e/test_sign_in*.py",
    "web/test_*.py",
    "integration/gateway/test_*.py",
    "integration/graphql/test_*.py",
    "access/test_graphql.py",
    "storage/test_*.py",
]
collect_ignore_glob = EMBEDDED if supabase_stack.chosen_stack() else []


def pytest_configure(config: pytest.Config) -> None:
    """Under pytest-xdist the controlling process says where the shared cluster is; else we are that process."""
    reported = getattr(config, "workerinput", None)
    if reported is not None:
        config.stash[CLUSTER] = TestCluster(Path(reported["cluster_folder"]), reported["cluster_controller"])
        return
    keep_in_memory()
    folder = Path(tempfile.mkdtemp(prefix="showcase-tests-"))
    folder.chmod(0o755)  # the database server may run as another user
    config.stash[CLUSTER] = TestCluster(folder, os.getpid())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Once for all workers, what they would each download; in one line, why it cannot be."""
    try:
        supabase_stack.download(config.stash[CLUSTER].folder / "download")
    except StackError as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    cluster = node.config.stash[CLUSTER]
    node.workerinput["cluster_folder"] = str(cluster.folder)
    node.workerinput["cluster_controller"] = cluster.controller


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    return workers()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByServers:
    return ByServers(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=place)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and CLUSTER in config.stash:
        config.stash[CLUSTER].stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test of the whole backend that fails shows what the parts said last."""
    report = yield
    stack = getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(stack, Stack):
        for log in sorted(stack.logs.glob("*.log")):
            report.sections.append((f"{log.stem}: last lines", last_lines(log)))
    return report


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> TestCluster:
    return pytestconfig.stash[CLUSTER]


@pytest.fixture
def database(cluster: TestCluster) -> Iterator[str]:
    """The URL (superuser) of a fresh database with the migrations and the demo rows."""
    with cluster.copy(MIGRATED) as url:
        yield url


@pytest.fixture(scope="session")
def stack(cluster: TestCluster) -> Iterator[Stack]:
    """The whole backend on a database of its own, shared by the tests of this process."""
    if supabase_stack.chosen_stack():
        if reason := supabase_stack.why_not():
            unavailable(reason)
        with supabase_stack.running_supabase_stack(cluster) as running:
            yield running
        return
    with cluster.copy(MIGRATED) as url, running_stack(cluster, url) as running:
        yield running


@pytest.fixture
def user(stack: Stack) -> User:
    """Somebody who has just signed in for the first time."""
    return stack.make_user()


@pytest.fixture
def make_user(stack: Stack) -> Callable[..., User]:
    """Makes as many as the test needs."""
    return stack.make_user


@pytest.fixture
def anon(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client("anon") as client:
        yield client


@pytest.fixture
def owner(stack: Stack, user: User) -> Iterator[httpx.Client]:
    """The client of `user`."""
    with stack.client(user) as client:
        yield client


@pytest.fixture
def other(stack: Stack) -> Iterator[httpx.Client]:
    """The client of somebody else."""
    with stack.client(stack.make_user()) as client:
        yield client


@pytest.fixture
def service(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client("service") as client:
        yield client
