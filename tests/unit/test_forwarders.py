"""supabase/functions and supabase/config.toml have what the route table has: no more, no less."""

import json
import re
import subprocess

import pytest
from showcase.auth import Kind
from showcase.http import CORS, REQUEST_ID
from showcase.routes import ENDPOINTS, find_endpoint

from local.settings import ROOT, documented_variables
from ops.deploy.sizes import SIZES
from ops.deploy.target import Target
from tests.support.doubles.forwarders import DENO, FORWARDERS, OFFLINE, RUNTIME, VARIABLES, configured, deno_environment

NAMES = {path.partition("/")[0] for path in ENDPOINTS}
SOURCES = sorted(FORWARDERS.glob("*/*.ts"))


def test_every_endpoint_has_a_forwarder_and_no_forwarder_lacks_one() -> None:
    folders = {entry.name for entry in FORWARDERS.iterdir() if entry.is_dir()}
    assert folders - {"_shared"} == NAMES
    assert set(configured()) == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_forwarder_is_one_line(name: str) -> None:
    lines = (FORWARDERS / name / "index.ts").read_text().splitlines()
    assert lines[:2] == ['import { forward } from "../_shared/forward.ts";', ""]
    assert re.fullmatch(rf'export default {{ fetch: forward\("{name}"(, {{ [^{{}}]+ }})?\) }};', "\n".join(lines[2:]))


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_forwarder_knows_its_subpaths(name: str) -> None:
    subpaths = [path.partition("/")[2] for path in ENDPOINTS if path.startswith(f"{name}/")]
    source = (FORWARDERS / name / "index.ts").read_text()
    assert re.findall(r"subpaths: (\[.*?\])", source) == ([json.dumps(sorted(subpaths))] if subpaths else [])


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_forwarder_waits_as_long_as_its_functions_may_take(name: str) -> None:
    """60 seconds, or where it is long-running as long as hosted Supabase lets it."""
    longest = max(SIZES[path].seconds for path in ENDPOINTS if path.partition("/")[0] == name)
    source = (FORWARDERS / name / "index.ts").read_text()
    assert ("longRunning: true" in source) == (
        longest > Target.model_fields["functions_backend_timeout_seconds"].default
    )


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_edge_asks_for_a_token_where_only_users_may_call(name: str) -> None:
    """Anybody else has none that it would take."""
    callers = {find_endpoint(path).callers for path in ENDPOINTS if path.partition("/")[0] == name}
    assert configured()[name] == {"verify_jwt": callers == {frozenset({Kind.USER})}}


def test_preflights_allow_the_methods_that_there_are() -> None:
    methods = {method for path in ENDPOINTS for method in find_endpoint(path).method.split(", ")}
    assert methods <= {"GET", "POST"}, "add it to preflight() in _shared/problem.ts"


def test_the_edge_and_the_functions_allow_the_same_headers() -> None:
    source = (FORWARDERS / "_shared" / "problem.ts").read_text()
    written = re.search(r"const CORS = \{(.*?)\n\};", source, re.DOTALL)
    assert written is not None
    pairs = re.findall(r'"([a-z-]+)": ((?:"[^"]*"(?: \+\s+)?)+)', written[1])
    reported = {name: "".join(re.findall(r'"([^"]*)"', text)) for name, text in pairs}
    assert reported == {name.lower(): value for name, value in CORS.items()}


def test_one_request_has_one_id_everywhere() -> None:
    """The local gateway, the edge and the functions keep the same ones."""
    ours = (FORWARDERS / "_shared" / "headers.ts", ROOT / "local" / "gateway" / "http" / "request_id.mjs")
    for source in ours:
        assert f"/^{REQUEST_ID.pattern}$/" in source.read_text(), source


def test_every_variable_is_documented_and_free_for_us_to_set() -> None:
    read = set(re.findall(r'(?:get|required|seconds)\("([A-Z_]+)"', "".join(source.read_text() for source in SOURCES)))
    assert read == set(VARIABLES)
    assert read <= set(documented_variables())
    assert not [name for name in read if name.startswith("SUPABASE_")], "hosted Supabase keeps these names for itself"


@pytest.mark.parametrize("check", ["check", "lint", "fmt --check"])
def test_the_sources_are_typed_clean_and_formatted(check: str) -> None:
    """Offline: nothing that they import has to be fetched."""
    options = OFFLINE if check == "check" else ("--quiet", *OFFLINE[-2:])
    command = [DENO, *check.split(), *options, *SOURCES, RUNTIME]
    done = subprocess.run(command, env=deno_environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
