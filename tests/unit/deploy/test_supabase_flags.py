"""The plan's commands against the real Supabase CLI: each subcommand and flag is one that it knows."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from local.postgres.migrations import MODULES, node_program
from ops.deploy.plan import plan
from ops.deploy.steps import Command

COMMANDS = [step for step in plan({}) if isinstance(step, Command) and step.argv[0] == "supabase"]


@cache
def usage(subcommand: tuple[str, ...], home: Path) -> str:
    program = [str(node_program()), str(MODULES / "supabase" / "dist" / "supabase.js")]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "SUPABASE_TELEMETRY_DISABLED": "1", "NO_COLOR": "1"}
    asked = [*program, *subcommand, "--help"]
    return subprocess.run(asked, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.title)
def test_the_cli_knows_the_command_and_its_flags(command: Command, tmp_path: Path) -> None:
    subcommand = tuple(word for word in command.argv[1:] if re.fullmatch("[a-z]+", word))
    said = usage(subcommand, tmp_path.parent)  # one for all tests: each start of the CLI takes half a second
    assert f"supabase {' '.join(subcommand)} [flags]" in said
    flags = [word.partition("=")[0] for word in command.argv if word.startswith("--")]
    assert flags
    assert not [flag for flag in flags if not re.search(rf"{flag}\b", said)]
