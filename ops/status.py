"""The state of the whole system as a table: `make status`. Ends with 1 where something needs somebody now.

Asks the stack that the settings choose: the one that runs here, or (STACK=hosted) the project at SUPABASE_URL.
"""

import argparse
import sys
from collections.abc import Iterator
from typing import Any

import httpx

from local.console import complain
from local.settings import Settings, SettingsError, leaves_here, read_settings, with_hosted_url, with_local_keys
from ops.status_table import ORDER, Line, table

OWN = frozenset({"database", "auth", "storage"})  # of dependencies, what nothing goes on without
SECONDS = 20.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ops.status", description=__doc__)
    parser.add_argument("--resume", metavar="PLATFORM", choices=("github", "linkedin", "twitter"))
    resume = parser.parse_args().resume
    try:
        settings = _reachable(read_settings())
    except SettingsError as error:
        complain(error)
        return 1
    headers = {"apikey": settings.supabase_secret_key}
    url = settings.supabase_url
    with httpx.Client(base_url=url, headers=headers, timeout=SECONDS, trust_env=leaves_here(url)) as client:
        if resume and not _resume(client, resume):
            return 1
        lines = sorted(look(client), key=lambda line: (ORDER.index(line.verdict), line.item, line.subject))
    print(f"{url}\n\n{table(lines, in_colour=sys.stdout.isatty())}")
    return 1 if any(line.verdict == "alert" for line in lines) else 0


def _reachable(settings: Settings) -> Settings:
    if settings.stack != "embedded":
        return with_hosted_url(settings)
    if not (settings.state_folder / "keys.json").exists():
        raise SettingsError("Nothing has been started here yet: make up (or set STACK=hosted).")
    return with_local_keys(settings)


def _resume(client: httpx.Client, platform: str) -> bool:
    try:
        resumed = client.post("/rest/v1/rpc/resume_platform", json={"platform": platform}).raise_for_status().json()
    except httpx.HTTPError as error:
        complain(f"{platform} could not be resumed: {_why(error)}")
        return False
    print(f"{platform} is asked again at once; {resumed} of its credentials rested.\n")
    return True


def look(client: httpx.Client) -> Iterator[Line]:
    """What the functions say; where they do not answer, what the database says by itself."""
    health: dict[str, Any] = {}
    try:
        answer = client.get("/functions/v1/health")
        health = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    except (httpx.HTTPError, ValueError) as error:
        yield Line("alert", "functions", "", "", f"do not answer: {_why(error)}")
    else:
        if "dependencies" not in health:
            yield Line("alert", "functions", "", "", f"health answers {answer.status_code}")
    for name, part in health.get("dependencies", {}).items():
        down = "alert" if name in OWN else "warn"
        yield Line("ok" if part["status"] == "ok" else down, "answers", name, f"{part['ms']:.0f} ms", part["status"])
    system = health.get("system")
    if system is None:
        try:
            system = client.post("/rest/v1/rpc/get_system_state", json={}).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            yield Line("alert", "database", "", "", f"cannot be asked: {_why(error)}")
            return
    for each in system:
        value = "" if each["value"] is None else f"{each['value']:g} {each['unit']}"
        yield Line(each["verdict"], each["item"], each["subject"], value, each["detail"])


def _why(error: Exception) -> str:
    """Without the address: it may be anything, and the key is in the headers alone."""
    return f"status {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
