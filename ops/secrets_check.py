"""Every variable, which capability reads it, and whether it is set: `make secrets-check ENV=staging`. Shows no value.

Exits with 1 when a needed one is missing, or one is malformed. Locally nothing is needed: the stack makes its own.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel

from local.console import complain
from local.settings import ROOT, Settings, documented_variables
from ops.backup.settings import BackupSettings
from ops.deploy.checks import describe, wrong_variables
from ops.deploy.plan import given_by_steps, models, needed_variables
from ops.deploy.target import ENVIRONMENTS, read_target
from ops.variables import Variable, problems, read_values, variables_of


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ops.secrets_check", description=__doc__)
    parser.add_argument("environment", choices=("local", *ENVIRONMENTS))
    parser.add_argument("--variables", type=Path, default=ROOT, help="the folder of .env and .env.<environment>")
    chosen = parser.parse_args()
    if chosen.environment == "local":
        file = chosen.variables / ".env"
        values, needed = read_values(file, os.environ), set[str]()
        wrong = [line for line in problems(readers(), values) if not line.endswith(": missing")]
    else:
        file = chosen.variables / f".env.{chosen.environment}"
        values = read_target(chosen.environment, os.environ, chosen.variables)
        needed, wrong = needed_variables(values), wrong_variables(chosen.environment, values)
    show(values, needed)
    if wrong:
        complain(describe(file, wrong))
    return 1 if wrong else 0


def readers() -> Sequence[type[BaseModel]]:
    """Every settings model: of the functions, of a deployment, of this machine's stack."""
    return [*models(), Settings, BackupSettings]


def read_by() -> dict[str, list[Variable]]:
    """Each documented variable with its readers."""
    found: dict[str, list[Variable]] = {name: [] for name in documented_variables()}
    for model in readers():
        for variable in variables_of(model):
            found.get(variable.name, []).append(variable)
    return found


def show(values: Mapping[str, str], needed: set[str]) -> None:
    given = given_by_steps(values)
    print(f"{'variable':<42} {'kind':<7} {'state':<8} read by")
    for name, variables in read_by().items():
        kind = "secret" if any(variable.secret for variable in variables) else ""
        state = "set" if name in values else "MISSING" if name in needed else "made" if name in given else "-"
        print(f"{name:<42} {kind:<7} {state:<8} {', '.join(sorted({each.where for each in variables}))}")
    print(f"\n{len(values)} set; -: not needed, or has a default; made: by the deployment.")


if __name__ == "__main__":
    sys.exit(main())
