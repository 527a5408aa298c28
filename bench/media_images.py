"""What the check of an image costs, an older build beside it: honest images, and ones made to keep their readers busy.

Usage: PYTHONPATH=functions python -m bench.media_images [--build COMMIT] [--only WORDS ...]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from showcase.media.domain import ContentType, sniff

from bench.support import print_machine, print_table
from local.settings import ROOT
from tests.support.files.crafted_pictures import CRAFTED, HONEST

PIXELS = 70_000_000
LARGEST = 50 * 1024 * 1024
TIMES = 3  # each is checked so often, each build in turn; the least counts
BUILD = "9c1f395"  # the last that encoded every image again
HEAD = """
import json, re, resource, sys, time
from pathlib import Path
content, kind = Path(sys.argv[1]).read_bytes(), sys.argv[2]
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from showcase.media.checks import images
from showcase.media.domain import ContentType, Refused
start = time.process_time(), time.perf_counter()
try:
    {check}
    result = "taken"
except Refused as refused:
    result = str(refused.reason)
except Exception as error:
    result = type(error).__name__
cpu, wall = time.process_time() - start[0], time.perf_counter() - start[1]
peak = int(re.search(r"VmHWM:\\\\s*(\\\\d+)", open("/proc/self/status").read())[1]) / 1024
print(json.dumps([wall, cpu, peak, result]))
""".replace("\\\\", "\\")
CHECKS = {
    "then": f"images.cleaned(content, ContentType(kind), {PIXELS}, {LARGEST})",
    "now": f"images.clean(content, ContentType(kind), {PIXELS}, ())",
    "with renditions": f"images.clean(content, ContentType(kind), {PIXELS})",
}


@dataclass(frozen=True)
class Cost:
    """Of one check, without its process's start: seconds, seconds of processor time, peak memory in MB, and its end."""

    wall: float
    cpu: float
    memory: float
    result: str


def cost(functions: Path, check: str, content: bytes) -> Cost:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        kind = sniff(content[:4096]) or ContentType.JPEG
        ended = subprocess.run(
            [sys.executable, "-c", HEAD.replace("{check}", CHECKS[check]), file.name, kind],
            env={"PYTHONPATH": str(functions)},
            capture_output=True,
            check=False,
        )
    return Cost(*json.loads(ended.stdout)) if ended.returncode == 0 else Cost(60, 60, 0, "over 60 s")


def functions_of(commit: str, folder: Path) -> Path:
    """That commit's functions; they run on the packages of this one."""
    archive = subprocess.run(["git", "archive", commit, "functions"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x"], cwd=folder, input=archive.stdout, check=True)
    return folder / "functions"


def costs(content: bytes, older: Path) -> dict[str, Cost]:
    found: dict[str, Cost] = {}
    builds = {"then": older, "now": ROOT / "functions", "with renditions": ROOT / "functions"}
    for _ in range(TIMES):
        for check, functions in builds.items():
            if check == "then" and sniff(content[:4096]) is ContentType.HEIC:
                continue  # it took none
            one = cost(functions, check, content)
            found[check] = min(found.get(check, one), one, key=lambda cost: cost.cpu)
    return found


def print_honest(older: Path, words: Sequence[str]) -> dict[str, float]:
    rows: list[Sequence[object]] = []
    cpu: dict[str, float] = {}
    for name, make in HONEST.items():
        if not any(word in name for word in words):
            continue
        content = make()
        found = costs(content, older)
        then, now, whole = found.get("then"), found["now"], found["with renditions"]
        cpu[name] = now.cpu
        before = (then.cpu * 1000, now.cpu / then.cpu, then.memory, then.result) if then else ("-", "-", "-", "-")
        rows.append(
            (
                *(name, len(content) / 1e6, before[0], now.cpu * 1000, before[1], whole.cpu * 1000),
                *(now.wall * 1000, before[2], now.memory, whole.memory, before[3], now.result),
            )
        )
    head = ("", "MB", "cpu then, ms", "cpu now", "ratio", "with renditions", "wall now", "peak then, MB", "peak now")
    print_table("honest images", (*head, "with renditions", "then", "now"), rows)
    return cpu


def print_crafted(older: Path, honest: dict[str, float]) -> None:
    rows: list[Sequence[object]] = []
    for name, (like, make) in CRAFTED.items():
        if like not in honest:
            continue
        content = make()
        found = costs(content, older)
        then, now = found["then"], found["now"]
        rows.append(
            (
                *(name, len(content) / 1e6, then.cpu * 1000, now.cpu * 1000, now.cpu / honest[like]),
                *(now.memory, then.result, now.result),
            )
        )
    head = ("", "MB", "cpu then, ms", "cpu now", "of the honest", "peak now, MB", "then", "now")
    print_table("images made to keep their readers busy, beside honest ones of as many pixels", head, rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=BUILD, help="the older commit")
    parser.add_argument("--only", nargs="*", default=[""], help="images whose names have one of these words")
    arguments = parser.parse_args()
    print_machine()
    start = time.monotonic()
    with ExitStack() as cleaning:
        folder = Path(cleaning.enter_context(tempfile.TemporaryDirectory()))
        older = functions_of(arguments.build, folder)
        honest = print_honest(older, arguments.only)
        print_crafted(older, honest)
    print(f"\n{time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
