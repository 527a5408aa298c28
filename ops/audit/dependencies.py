"""What is known of the packages that are locked: vulnerabilities, newer versions."""

import json
import re
import subprocess
import sys
import tomllib

from local.postgres.migrations import node_program
from local.settings import ROOT
from ops.audit.report import Section, Verdict, judged
from ops.audit.running import run

LOCKS = ("functions/requirements.txt", "local/requirements.txt")


def sections() -> list[Section]:
    return [*map(python_vulnerabilities, LOCKS), npm_vulnerabilities(), outdated()]


def python_vulnerabilities(lock: str) -> Section:
    title = f"Vulnerabilities, {lock}"
    command = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--disable-pip", "--format", "json"]
    try:
        found = json.loads(run([*command, "--progress-spinner", "off", "--desc", "off"]).stdout)["dependencies"]
    except (ValueError, KeyError):
        return Section(title, Verdict.UNKNOWN, "pip-audit's vulnerability service is not reachable from here")
    # pip-audit is content with what its service does not know at all.
    if skipped := [each["name"] for each in found if "skip_reason" in each]:
        reported = f"pip-audit's vulnerability service did not answer for {len(skipped)} of {len(found)} packages"
        return Section(title, Verdict.UNKNOWN, reported)
    rows = [
        {
            "package": each["name"],
            "version": each["version"],
            "id": bug["id"],
            "fixed in": ", ".join(bug["fix_versions"]),
        }
        for each in found
        for bug in each["vulns"]
    ]
    return judged(title, rows, f"{len(found)} packages, {len(rows)} known vulnerabilities")


def npm_vulnerabilities() -> Section:
    title = "Vulnerabilities, local/package-lock.json"
    try:
        report = json.loads(_npm("audit").stdout)
        found = report["vulnerabilities"]
    except (ValueError, KeyError):
        return Section(title, Verdict.UNKNOWN, "npm's vulnerability service is not reachable from here")
    rows = [
        {"package": name, "severity": each["severity"], "versions": each["range"], "fixed": bool(each["fixAvailable"])}
        for name, each in found.items()
    ]
    total = report["metadata"]["dependencies"]["total"]
    return judged(title, rows, f"{total} packages, {len(rows)} with known vulnerabilities")


def outdated() -> Section:
    title = "Direct dependencies with newer versions"
    try:
        listed = json.loads(run([sys.executable, "-m", "uv", "pip", "list", "--outdated", "--format", "json"]).stdout)
        packages = json.loads(_npm("outdated").stdout or "{}")
        python = [each for each in listed if each["name"] in _direct()]
        npm = [{"name": name, **each} for name, each in packages.items() if "current" in each]
    except (ValueError, KeyError):
        return Section(title, Verdict.UNKNOWN, "the package registries are not reachable from here")
    rows = [
        *({"package": each["name"], "locked": each["version"], "newest": each["latest_version"]} for each in python),
        *({"package": f"npm: {each['name']}", "locked": each["current"], "newest": each["latest"]} for each in npm),
    ]
    return Section(
        title, Verdict.NOTE if rows else Verdict.FINE, f"{len(rows)}; `make lock` takes what is allowed", rows
    )


def _direct() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)]
    return {re.split(r"[^A-Za-z0-9._-]", each)[0].lower() for each in named}


def _npm(command: str) -> subprocess.CompletedProcess[str]:
    node = node_program()
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return run([str(node), str(npm), command, "--json"], ROOT / "local")
