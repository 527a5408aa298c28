"""A step of a deployment, as data, and how one is run: secrets go by stdin, file and environment, not by arguments."""

import json
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.settings import ROOT
from local.stack.supabase_cli import INHERITED, QUIET, copy_project

Form = Callable[[Mapping[str, str]], str]
PLACE = re.compile(r"\{([A-Z][A-Z0-9_]*|file)\}")


class StepError(Exception):
    """A step failed. Says how, without a secret."""


@dataclass(frozen=True)
class Command:
    """A program to be run. In `argv`, `{NAME}` is a variable's value and `{file}` the path of the file below."""

    title: str
    argv: tuple[str, ...]
    environment: tuple[str, ...] = ()  # variables that it finds in its environment
    switches: Mapping[str, str] = field(default_factory=dict)  # more of them, as they stand
    stdin: str = ""  # the variable that is written to it
    file: tuple[str, ...] = ()  # the variables in the file
    form: Form = json.dumps  # how they are written there; JSON is YAML too
    keep: str = ""  # the variable that its output becomes

    @property
    def needs(self) -> tuple[str, ...]:
        """The variables without which it cannot be run."""
        inline = [name for word in self.argv for name in PLACE.findall(word) if name != "file"]
        return (*inline, *filter(None, [self.stdin]))

    def lines(self, values: Mapping[str, str]) -> list[str]:
        """As an operator would type it; the names of what is in the file and on stdin, for their values."""
        contents = ", ".join(name for name in self.file if name in values) or "nothing"
        words = [_fill(word, values, f"<file: {contents}>") for word in self.argv]
        known = [f'{name}="${name}"' for name in self.environment if name in values]
        before = " ".join([*known, *(f"{name}={value}" for name, value in self.switches.items())])
        shown = " ".join(word if word.startswith("<") else shlex.quote(word) for word in words)
        after = f' <<< "${self.stdin}"' if self.stdin else ""
        return [f"{before + ' ' if before else ''}{shown}{after}{f'  # gives {self.keep}' if self.keep else ''}"]

    def run(self, runner: "Runner") -> None:
        finished = runner.run(self)
        if finished.returncode:
            raise StepError(f"{self.argv[0]} ended with {finished.returncode}")
        if self.keep:
            runner.values[self.keep] = finished.stdout.strip()


@dataclass(frozen=True)
class Procedure:
    """What takes more than one command, or talks to an API: its lines say what it does."""

    title: str
    tells: tuple[str, ...]
    needs: tuple[str, ...]
    act: Callable[["Runner"], None]

    def lines(self, values: Mapping[str, str]) -> list[str]:
        return [_fill(line, values, "") for line in self.tells]

    def run(self, runner: "Runner") -> None:
        self.act(runner)


Step = Command | Procedure


@dataclass
class Runner:
    """The values known so far, and where programs are looked for."""

    values: dict[str, str]
    secret: frozenset[str]
    path: str
    say: Callable[[str], None] = field(default=print)

    def run(self, command: Command) -> subprocess.CompletedProcess[str]:
        """Shows what the program says, but for secrets, and for output that is kept."""
        finished = self.ask(command)
        shown = finished.stderr if command.keep and not finished.returncode else finished.stdout + finished.stderr
        for line in shown.splitlines():
            self.say(f"      {self.without_secrets(line)}")
        return finished

    def ask(self, command: Command) -> subprocess.CompletedProcess[str]:
        """Shows nothing: the answer may be a secret."""
        with tempfile.TemporaryDirectory(prefix="showcase-deploy-") as folder:
            file = Path(folder) / "variables"
            file.touch(mode=0o600)
            chosen = {name: self.values[name] for name in command.file if name in self.values}
            file.write_text(command.form(chosen), encoding="utf-8")
            # The Supabase CLI reads .env files of the folder that it runs in (local/stack/supabase_cli.py).
            of_supabase = command.argv[0] == "supabase"
            return subprocess.run(
                [_fill(word, self.values, str(file)) for word in command.argv],
                cwd=copy_project(Path(folder), ROOT, "functions") if of_supabase else ROOT,
                env=self._environment(command),
                input=self.values[command.stdin] if command.stdin else "",
                capture_output=True,
                text=True,
                check=False,
            )

    def without_secrets(self, text: str) -> str:
        for name in self.secret:
            for part in (self.values.get(name, ""), *self.values.get(name, "").split(",")):
                text = text.replace(part, f"<{name}>") if len(part) > 3 else text
        return text

    def _environment(self, command: Command) -> dict[str, str]:
        """Of the machine's variables, what every program needs and the tool's own sign-in; and what is given."""
        theirs = {name: value for name, value in os.environ.items() if name in INHERITED or _signs_in(command, name)}
        given = {name: self.values[name] for name in command.environment if name in self.values}
        return {**theirs, **QUIET, "CLOUDSDK_CORE_DISABLE_PROMPTS": "1", "PATH": self.path, **command.switches, **given}


def _signs_in(command: Command, name: str) -> bool:
    """https://cloud.google.com/sdk/docs/properties: each property of gcloud is a variable, its accounts' files too."""
    theirs = name.startswith("CLOUDSDK_") or name in {"GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_GHA_CREDS_PATH"}
    return command.argv[0] == "gcloud" and theirs


@dataclass(frozen=True)
class SecretStore:
    """Where a secret is kept that a vendor reports only once; `title` is what messages call it."""

    title: str
    holds: Callable[[Runner, str], bool]
    store: Callable[[Runner, str], None]


def _fill(text: str, values: Mapping[str, str], file: str) -> str:
    return PLACE.sub(lambda m: file if m[1] == "file" else values.get(m[1], f"<{m[1]}>"), text)
