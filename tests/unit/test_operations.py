"""docs/operations: each alert has a runbook, and each secret that is rotated a line."""

import json
import re

import pytest

from local.settings import ROOT
from ops.variables import functions_models, variables_of

DOCS = ROOT / "docs" / "operations"
GUIDE = (DOCS / "runbooks.md").read_text()
STATE = "".join((ROOT / "sql" / name).read_text() for name in ("monitoring/system_state.sql", "core/job_runs.sql"))


def test_everything_that_can_be_bad_has_a_runbook() -> None:
    items = set(re.findall(r"^  \('([a-z_]+)', [0-9]", STATE, re.MULTILINE))
    assert len(items) == 12, "read from the thresholds"
    items |= {"job", "platform_blocked", "answers", "functions", "database", "server_errors"}
    assert items == set(re.findall(r"^### (\w+)$", GUIDE, re.MULTILINE))


def test_every_secret_of_the_functions_can_be_rotated() -> None:
    secrets = {variable.name for model in functions_models() for variable in variables_of(model) if variable.secret}
    assert "STRIPE_WEBHOOK_SECRETS" in secrets
    rows = "".join(line for line in GUIDE.splitlines() if line.startswith("| `"))
    assert {name for name in secrets if f"`{name}`" not in rows} == set()


def test_every_file_and_command_that_it_names_is_there() -> None:
    for name in re.findall(r"docs/operations/monitoring/([a-z_]+\.[a-z]+\.json)", GUIDE):
        assert (DOCS / "monitoring" / name).exists(), name
    policies = re.search(r"for policy in ([a-z_ ]+);", GUIDE)
    assert policies is not None
    assert {f"{name}.policy.json" for name in policies[1].split()} == {
        file.name for file in (DOCS / "monitoring").glob("*.policy.json")
    }
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`(?:STACK=hosted )?make ([a-z-]+)", GUIDE)) <= targets


@pytest.mark.parametrize("name", ["system_alert", "nobody_watches", "server_errors"])
def test_every_policy_reads_a_metric_that_is_defined(name: str) -> None:
    policy = json.loads((DOCS / "monitoring" / f"{name}.policy.json").read_text())
    (condition,) = policy["conditions"]
    (read,) = re.findall(r"user/showcase_(\w+)", json.dumps(condition))
    metric = json.loads((DOCS / "monitoring" / f"{read}.metric.json").read_text())
    labels = {label["key"] for label in metric["metricDescriptor"]["labels"]}
    assert set(re.findall(r"metric\.label\.(\w+)", json.dumps(policy))) <= labels
    assert labels == set(metric.get("labelExtractors", {}))


def test_an_uptime_check_that_fails_tells_somebody() -> None:
    policy = json.loads((DOCS / "monitoring" / "uptime.policy.json").read_text())
    (condition,) = policy["conditions"]
    assert "uptime_check/check_passed" in condition["conditionThreshold"]["filter"]
    (check,) = re.findall(r"gcloud monitoring uptime create .*?[^\\]$", GUIDE, re.DOTALL | re.MULTILINE)
    assert "--protocol=https" in check
    assert re.findall(r"--path=(\S+)", check) == ["/functions/v1/health"]
    assert policy["documentation"]["content"].startswith("/functions/v1/health")
