"""A deployment as a user runs it, with fakes of the two tools, which keep what they were given."""

import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from local.settings import ROOT
from tests.support.doubles.https import running_https

# Records how it was called, and keeps secrets as Secret Manager does. The file `fail` holds a text of calls to refuse.
TOOL = """#!{python} -IS
import json, os, re, sys
from pathlib import Path
folder, argv = Path({folder!r}), [Path(sys.argv[0]).name, *sys.argv[1:]]
text = " ".join(argv)
files = {{}}
for word in argv:
    file = Path(word.rpartition("=")[2])
    if file.name == "variables":
        files[word] = [file.read_text(), oct(file.stat().st_mode & 0o777)]
call = {{"argv": argv, "env": dict(os.environ), "stdin": sys.stdin.read(), "files": files}}
with (folder / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps(call) + "\\n")
refused = folder / "fail"
if refused.exists() and refused.read_text() in text:
    print("refused, with the password", os.environ.get("SUPABASE_DB_PASSWORD", ""), file=sys.stderr)
    sys.exit(3)
kept = lambda name: folder / f"secret-{{name}}"
if "secrets list" in text:
    name = re.search(r"--filter=name~/(\\S+)\\$", text)[1]
    print(name if kept(name).exists() else "")
elif "secrets create" in text:
    kept(argv[3]).write_text("")
elif "versions access" in text:
    value = kept(re.search(r"--secret=(\\S+)", text)[1]).read_text()
    sys.stdout.write(value)
    sys.exit(0 if value else 1)
elif "versions add" in text:
    kept(argv[4]).write_text(call["stdin"])
elif "services describe" in text:
    print("https://showcase-staging-abc.a.run.app")
elif "print-access-token" in text:
    print("ya29.token")
else:
    print("done")
"""

SECRETS = {
    "SUPABASE_ACCESS_TOKEN": "sbp_hunter2_access",
    "SUPABASE_DB_PASSWORD": "hunter2's database",
    "SUPABASE_SECRET_KEY": "sb_secret_hunter2",
    "GOOGLE_CLIENT_SECRET": "GOCSPX-hunter2",
    "FUNCTIONS_BACKEND_SECRET": "hunter2-forwarders-0123456789abcdef",
    "STRIPE_SECRET_KEY": "rk_test_hunter2_functions",
    "STRIPE_SETUP_KEY": "rk_test_hunter2_setup",
    "SENDGRID_SETUP_KEY": "SG.hunter2.setup",
}


@dataclass(frozen=True)
class Call:
    argv: list[str]
    env: dict[str, str]
    stdin: str
    files: dict[str, list[str]]

    @property
    def text(self) -> str:
        return " ".join(self.argv)


@dataclass(frozen=True)
class Deployment:
    """The folder of the tools and of `.env.staging`, the variables in it, and those of the deployer's shell."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    shell: dict[str, str] = field(default_factory=dict)
    checkout: Path = ROOT

    def install(self, *tools: str) -> None:
        program = TOOL.format(python=sys.executable, folder=str(self.folder))
        for tool in tools:
            file = self.folder / tool
            file.write_text(program)
            file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def run(self, *arguments: str, environment: str = "staging", path: str = "") -> subprocess.CompletedProcess[str]:
        """Of this machine's environment, only the way to its programs."""
        lines = [f"{name}={json.dumps(value)}\n" for name, value in self.variables.items()]
        (self.folder / f".env.{environment}").write_text("".join(lines))
        machine = {
            "PATH": path or os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": "functions",
            "TMPDIR": tempfile.gettempdir(),
        }
        trusted = {name: value for name, value in self.machine.items() if value}
        command = [sys.executable, "-m", "ops.deploy", environment, f"--variables={self.folder}"]
        return subprocess.run(
            [*command, f"--tools={self.folder}", *arguments],
            cwd=self.checkout,
            env={**machine, **trusted, **self.shell},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def machine(self) -> Mapping[str, str]:
        authority = self.folder / "authority.pem"
        return {"SSL_CERT_FILE": str(authority) if authority.exists() else ""}

    def calls(self, *, checks: bool = False) -> list[Call]:
        file = self.folder / "calls.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        calls = [Call(**json.loads(line)) for line in lines]
        looks = ("print-access-token", "projects list")
        return [call for call in calls if checks or not any(look in call.text for look in looks)]

    def forget_calls(self) -> None:
        (self.folder / "calls.jsonl").unlink()

    def refuse(self, text: str) -> None:
        (self.folder / "fail").write_text(text)

    def stored(self, name: str) -> str:
        return (self.folder / f"secret-showcase-staging-{name}").read_text()


@contextmanager
def ready_deployment(folder: Path, stripe: httpx.Client, sendgrid: httpx.Client) -> Iterator[Deployment]:
    """One that lacks nothing: its health is that of a small https server, its vendors are those of the clients."""
    with running_https(folder, {"status": "ok", "release": "v1.2.3"}) as url:
        vendors = {"STRIPE_API_URL": str(stripe.base_url), "SENDGRID_API_URL": str(sendgrid.base_url)}
        ready = Deployment(folder, variables(SUPABASE_URL=url, **vendors))
        ready.install("supabase", "gcloud")
        yield ready


def variables(**given: Any) -> dict[str, str]:
    """All that a deployment to staging needs."""
    return {
        "SUPABASE_PROJECT_REF": "abcdefghijklmnopqrst",
        "SUPABASE_URL": "https://abcdefghijklmnopqrst.supabase.co",
        "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_anybody",
        "SITE_URL": "https://staging.example.com",
        "GOOGLE_CLIENT_ID": "123.apps.googleusercontent.com",
        "GOOGLE_CLOUD_PROJECT": "showcase-tests",
        "RELEASE": "v1.2.3",
        **SECRETS,
        **given,
    }
