"""Workers that run tests in parallel collect them each for itself: names must not hold a time or a random id."""

import os
import subprocess
import sys

import pytest


def test_tests_are_named_alike_whenever_they_are_collected(request: pytest.FixtureRequest) -> None:
    ours = {item.nodeid for item in request.session.items}
    files = sorted({name.partition("::")[0] for name in ours})
    again = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "slow or not slow", *files],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        cwd=request.config.rootpath,
        check=False,
        capture_output=True,
        text=True,
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert ours <= set(again.stdout.splitlines())
