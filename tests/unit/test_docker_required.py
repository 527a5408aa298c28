"""Tests that lack Docker: a machine without it skips them, the workflow's job for them fails."""

import re

import pytest

from local.settings import ROOT
from tests.support.docker.docker_required import unavailable


def test_a_machine_without_docker_skips_even_in_ci() -> None:
    with pytest.raises(pytest.skip.Exception, match="no engine"):
        unavailable("no engine", {"CI": "true", "STACK": "docker"})


def test_where_they_are_the_point_they_fail() -> None:
    with pytest.raises(pytest.fail.Exception, match="cannot be pulled"):
        unavailable("cannot be pulled", {"DOCKER_REQUIRED": "yes"})


def test_of_the_workflow_one_job_requires_them() -> None:
    jobs = re.split(r"^  (?=\w+:$)", (ROOT / ".github" / "workflows" / "ci.yml").read_text(), flags=re.MULTILINE)
    requiring = [job.partition(":")[0] for job in jobs if "DOCKER_REQUIRED: " in job]
    assert requiring == [job.partition(":")[0] for job in jobs if "STACK: docker" in job] == ["docker"]
