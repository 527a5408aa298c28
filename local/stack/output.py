"""The services' lines: on the terminal with prefixes and colours, in the log file without colours."""

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)  # ANSI: cyan, yellow, green, magenta, blue, and the bright ones
SYSTEM = "system"


class Output:
    def __init__(self, log: Path, names: Iterable[str]) -> None:
        self._log = log.open("w", encoding="utf-8", buffering=1)
        self._colour = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}
        self._width = max(map(len, (*self._colour, SYSTEM)))
        self._terminal = sys.stdout.isatty()

    def write(self, name: str, line: str) -> None:
        prefix = f"{datetime.now():%H:%M:%S} {name:<{self._width}} |"  # noqa: DTZ005 the reader's own clock
        self._log.write(f"{prefix} {line}\n")
        if self._terminal and name in self._colour:
            prefix = f"\x1b[{self._colour[name]}m{prefix}\x1b[0m"
        print(f"{prefix} {line}", flush=True)

    def close(self) -> None:
        self._log.close()
