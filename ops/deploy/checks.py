"""What must be there before anything runs: tools, logins, variables. All that is missing is named at once."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.postgres.migrations import MODULES, node_program
from ops.deploy.plan import env_file_variables, models, needed_variables
from ops.deploy.sizes import impatient
from ops.deploy.steps import Command, Runner, Step
from ops.deploy.supabase import unquotable
from ops.deploy.target import Environment, mistakes
from ops.variables import problems

HOW_TO_GET = {
    "supabase": "make up installs it",
    "gcloud": "https://cloud.google.com/sdk/docs/install",
}
# What answers only those who are signed in, with which variables, and what to do else.
LOGINS: Mapping[str, tuple[Command, str]] = {
    "supabase": (
        Command("", ("supabase", "projects", "list"), ("SUPABASE_ACCESS_TOKEN",)),
        "set SUPABASE_ACCESS_TOKEN, or run: supabase login",
    ),
    "gcloud": (Command("", ("gcloud", "auth", "print-access-token", "--quiet")), "run: gcloud auth login"),
}


def search_path(first: str) -> str:
    """The Supabase CLI and Node.js that are locked here go before the machine's."""
    folders = [first, str(MODULES / ".bin"), str(node_program().parent), os.environ.get("PATH", "")]
    return os.pathsep.join(folder for folder in folders if folder)


def tools(steps: Sequence[Step]) -> list[str]:
    """The programs of commands; procedures that run others stand beside commands of the same program."""
    return sorted({step.argv[0] for step in steps if isinstance(step, Command)})


def missing(environment: Environment, steps: Sequence[Step], runner: Runner) -> list[str]:
    """A line for everything that is missing or wrong; empty: it can begin."""
    return [*wrong_variables(environment, runner.values), *_missing_tools(steps, runner)]


def wrong_variables(environment: Environment, values: Mapping[str, str]) -> list[str]:
    wanted = needed_variables(values)
    found = problems(models(), values)
    mine = [line for line in found if not line.endswith(": missing") or line.partition(":")[0] in wanted]
    return [*mine, *mistakes(environment, values), *unquotable(values, env_file_variables(values)), *impatient(values)]


def _missing_tools(steps: Sequence[Step], runner: Runner) -> list[str]:
    lines = []
    for tool in tools(steps):
        if shutil.which(tool, path=runner.path) is None:
            lines.append(f"{tool}: not found; {HOW_TO_GET[tool]}")
            continue
        asked, remedy = LOGINS[tool]
        if runner.ask(asked).returncode:
            lines.append(f"{tool}: not signed in; {remedy}")
    return lines


def describe(file: Path, lines: Sequence[str]) -> str:
    return "\n".join([f"These need attention (variables: {file.name} or the environment):", *(f"  {x}" for x in lines)])
