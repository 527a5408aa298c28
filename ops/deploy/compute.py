"""Supabase Compute (alpha): functions/Dockerfile, built and run inside the project.

Its size and what is uploaded are in supabase/config.toml, [compute.functions]; what is untried, in
docs/operations/deploy.md.
"""

import json
from collections.abc import Iterable, Mapping

from ops.deploy.steps import Command, Runner, SecretStore, Step, StepError
from ops.deploy.supabase import ACCESS, REMOTE, as_env_file, set_secrets
from ops.variables import functions_models, variables_of

SWITCHES = {"SUPABASE_EXPERIMENTAL_COMPUTE": "1"}


def functions(known: Iterable[str]) -> list[Step]:
    """The variables first: an instance reads them when it starts."""
    push = ("supabase", "compute", "push", "functions", REMOTE, "--yes")
    return [
        set_secrets("What the functions know", function_variables(known), as_project_secrets),
        Command("Supabase Compute: all functions together", push, ACCESS, switches=SWITCHES),
    ]


def function_variables(known: Iterable[str]) -> list[str]:
    read = {variable.name for model in functions_models() for variable in variables_of(model)}
    return sorted(read & set(known))


def as_project_secrets(values: Mapping[str, str]) -> str:
    """A project's secrets cannot begin with SUPABASE_; the functions' settings know these by PROJECT_ too."""
    return as_env_file({name.replace("SUPABASE_", "PROJECT_", 1): value for name, value in values.items()})


def _store(runner: Runner, name: str) -> None:
    set_secrets("", (name,), as_project_secrets).run(runner)


def _holds(runner: Runner, name: str) -> bool:
    listed = runner.ask(Command("", ("supabase", "secrets", "list", REMOTE, "--output-format", "json"), ACCESS))
    try:
        return name in {secret["name"] for secret in json.loads(listed.stdout)["secrets"]}
    except (ValueError, KeyError, TypeError):
        raise StepError(
            f"the project's secrets cannot be read: {runner.without_secrets(listed.stderr.strip())}"
        ) from None


SIGNING_SECRETS = SecretStore("the project's secrets", _holds, _store)
