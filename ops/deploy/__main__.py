"""Deploy everything to staging or production: `make deploy ENV=staging`, and `APPLY=yes` to do it.

Without --apply, it says what it would run and what is missing. Every step may be repeated.
Exits with 1 when something is missing or a step fails; docs/operations/deploy.md walks through it.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from local.console import complain
from local.settings import ROOT
from ops.deploy.checks import describe, missing, search_path
from ops.deploy.plan import plan, secrets
from ops.deploy.steps import Runner, Step, StepError
from ops.deploy.target import ENVIRONMENTS, read_target


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ops.deploy", description=__doc__)
    parser.add_argument("environment", choices=ENVIRONMENTS)
    parser.add_argument("--apply", action="store_true", help="do it")
    parser.add_argument("--variables", type=Path, default=ROOT, help="the folder of .env.staging and .env.production")
    parser.add_argument("--tools", default="", help="a folder that tools are looked for in first")
    chosen = parser.parse_args()
    values = read_target(chosen.environment, os.environ, chosen.variables)
    steps = plan(values)
    runner = Runner(values, secrets(values), search_path(chosen.tools), lambda line: print(line, flush=True))
    lacking = missing(chosen.environment, steps, runner)
    if not chosen.apply:
        show(steps, runner)
        print(f"\n{len(steps)} steps to {chosen.environment}, none of them run: APPLY=yes runs them.")
    if lacking:
        complain(describe(Path(f".env.{chosen.environment}"), lacking))
        return 1
    return run(steps, runner, chosen.environment) if chosen.apply else 0


def show(steps: Sequence[Step], runner: Runner) -> None:
    for number, step in enumerate(steps, start=1):
        print(f"\n{number:>3}. {step.title}")
        for line in step.lines(runner.values):
            print(f"     {runner.without_secrets(line)}")


def run(steps: Sequence[Step], runner: Runner, environment: str) -> int:
    """Stops at the first that fails."""
    begun = time.monotonic()
    for number, step in enumerate(steps, start=1):
        print(f"\n{number:>3}/{len(steps)} {step.title}", flush=True)
        for line in step.lines(runner.values):
            print(f"     {runner.without_secrets(line)}", flush=True)
        try:
            step.run(runner)
        except StepError as error:
            complain(
                f"Step {number} of {len(steps)} failed ({step.title}): {error}.\n"
                "Those before it are done, none after it was begun. Fix it, and run the same again."
            )
            return 1
    print(f"\n{environment} runs {runner.values['RELEASE']}, after {time.monotonic() - begun:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
