"""The functions answer what docs/openapi.json says, whatever they are sent (schemathesis).

For every operation, as every kind of caller: valid and invalid requests, the edges of each schema, wrong methods and
missing parts. None may be answered by a 5xx but 503, nor by a status, a media type or a body that is not described.
`make test` sends the same few every time; `make test-slow` other ones each night, and prints the seed.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from local.settings import ROOT, VENDORS
from tests.support.cluster import MIGRATED, TestCluster
from tests.support.stack import Stack, running_stack
from tests.support.users import access_token

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
ADA = UUID("00000000-0000-4000-8000-000000000001")  # of the demo rows: she has projects and a plan
CALLERS = ("visitor", "user", "service")
# What a schema allows may still be refused: a colour that cannot be read, a webhook that nobody signed. And a service
# that leaves its token away, or sends a wrong one, has still its key: it gets 403 where 401 is expected, or let in.
LEFT_OUT = "positive_data_acceptance,missing_required_header"
LEFT_OUT_OF = {"service": f"{LEFT_OUT},ignored_auth"}
FEW, MANY = 5, 500  # requests for each operation, beside those at the edges


@pytest.fixture(scope="module")
def whole_stack(cluster: TestCluster) -> Iterator[Stack]:
    """With every vendor: what is not configured answers nothing else."""
    with cluster.copy(MIGRATED) as url, running_stack(cluster, url, tuple(VENDORS)) as running:
        yield running


def conform(stack: Stack, caller: str, *options: str) -> None:
    token = access_token(stack.jwt_secret, f"{stack.url}/auth/v1", ADA, "ada@example.com", seconds=4 * 3600)
    headers = {
        "visitor": ["--header", f"apikey: {stack.publishable_key}"],
        "user": ["--header", f"Authorization: Bearer {token}"],
        "service": ["--header", f"apikey: {stack.secret_key}"],
    }
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIGURATION, "--no-color"),
            *("run", ROOT / "docs" / "openapi.json", "--url", f"{stack.functions_url}/functions/v1"),
            *(
                "--checks",
                "all",
                "--exclude-checks",
                LEFT_OUT_OF.get(caller, LEFT_OUT),
                "--request-timeout",
                "120",
                "--warnings",
                "off",
                "--suppress-health-check",
                "all",
            ),
            *headers[caller],
            *options,
        ],
        cwd=stack.logs,  # it keeps what it found where it runs
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.parametrize("caller", CALLERS)
def test_every_answer_is_described(whole_stack: Stack, caller: str) -> None:
    conform(whole_stack, caller, "--max-examples", str(FEW), "--generation-deterministic")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("caller", CALLERS)
def test_every_answer_to_many_random_requests_is_described(whole_stack: Stack, caller: str) -> None:
    conform(whole_stack, caller, "--max-examples", str(MANY), "--continue-on-failure")
