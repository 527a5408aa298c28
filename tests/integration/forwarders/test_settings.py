"""Forwarders whose settings are not good: callers learn no more than that, and the log names what is."""

import json
import subprocess

from tests.support.doubles.forwarders import DENO, FORWARDERS, OFFLINE, SECRET, VARIABLES, deno_environment

GOOD = {
    "FUNCTIONS_BACKEND_URL": "http://127.0.0.1:1",
    "FUNCTIONS_BACKEND_AUTH": "secret",
    "FUNCTIONS_BACKEND_SECRET": SECRET,
}
BAD = {
    "FUNCTIONS_BACKEND_URL": ["", "backend.example", "ftp://backend.example", "http://"],
    "FUNCTIONS_BACKEND_AUTH": ["", "none"],
    "FUNCTIONS_BACKEND_SECRET": ["", "too short"],
    "FUNCTIONS_BACKEND_TIMEOUT_SECONDS": ["soon", "-1"],
    "FUNCTIONS_BACKEND_LONG_TIMEOUT_SECONDS": ["0s"],
    "GOOGLE_SERVICE_ACCOUNT_KEY": [
        "",
        "not JSON",
        "{}",
        '{"client_email": "a", "private_key": "no key", "token_uri": "http://127.0.0.1:1"}',
    ],
}
CASES = [(variable, value) for variable, values in BAD.items() for value in values]

# One process asks them all: a case is a new forwarder.
SCRIPT = """
const { forward } = await import(`file://${Deno.args[0]}/_shared/forward.ts`);
for (const environment of JSON.parse(Deno.args[1])) {
  for (const [name, value] of Object.entries(environment)) Deno.env.set(name, value);
  const answer = await forward("health")(new Request("http://edge/health"));
  console.log(JSON.stringify({ status: answer.status, body: await answer.text() }));
  for (const name of Object.keys(environment)) Deno.env.delete(name);
}
"""


def test_what_is_missing_or_malformed_is_named_in_the_log_alone() -> None:
    cases = [
        GOOD | ({"FUNCTIONS_BACKEND_AUTH": "google"} if variable.startswith("GOOGLE") else {}) | {variable: value}
        for variable, value in CASES
    ]
    program = ["-", str(FORWARDERS), json.dumps(cases)]
    rights = [f"--allow-env={','.join(VARIABLES)}", f"--allow-read={FORWARDERS}", "--allow-net=127.0.0.1"]
    done = subprocess.run(
        [DENO, "run", *OFFLINE, *rights, *program],
        input=SCRIPT,
        env=deno_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    logged = [json.loads(line) for line in done.stderr.splitlines()]
    for (variable, value), answer, line in zip(CASES, answers, logged, strict=True):
        assert (answer["status"], json.loads(answer["body"])["code"]) == (503, "not_configured"), variable
        assert variable in line["cause"]
        assert len(value) < 3 or value not in line["cause"]
        assert variable not in answer["body"]
