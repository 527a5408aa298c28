"""How pytest-xdist deals the tests out to its workers."""

import os

import pytest
from xdist.scheduler import LoadFileScheduling

# Folders whose tests share servers, which start once if one worker runs them all. Elsewhere a file goes as a whole.
SHARE_SERVERS = {
    "tests/e2e/backup",
    "tests/integration/account",
    "tests/integration/billing",
    "tests/integration/design",
    "tests/integration/forwarders",
    "tests/integration/metrics",
    "tests/integration/notifications",
    "tests/integration/simulators",
    "tests/integration/stripe_simulator",
    "tests/postgrest",
    "tests/web",
}
# What reads all rows of the shared stack comes before what adds thousands of them (some reads grow with their square);
# then what takes long, so that no worker is left alone with it at the end.
ORDER = (
    "tests/access/",
    "tests/auth/",
    "tests/storage/",
    "tests/e2e/",
    "tests/web/",
    "tests/integration/",
    "tests/postgrest/",
    "tests/sql/",
)


class ByServers(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        folder = file.rpartition("/")[0]
        return folder if folder in SHARE_SERVERS else file


def workers() -> int:
    """For `-n auto`. A test waits half of its time: two workers a core, where memory allows for their servers."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if os.environ.get("STACK") in {"docker", "supabase"} else max(cores, min(2 * cores, 8))


def place(item: pytest.Item) -> int:
    """Where it comes in ORDER."""
    found = [number for number, folder in enumerate(ORDER) if item.nodeid.startswith(folder)]
    return found[0] if found else len(ORDER)
