"""A foreground process for the database server: shows its log as it grows, and ends when the server does.

The server itself is started before the other parts and stopped after them, so it is not a child of the process manager.
"""

import argparse
import sys
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from local.belonging import lives


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("process", type=int)
    parser.add_argument("log", type=Path)
    arguments = parser.parse_args()
    with arguments.log.open(encoding="utf-8", errors="replace") as log:
        log.seek(0, 2)
        try:
            server = psutil.Process(arguments.process)
            while lives(server):
                sys.stdout.writelines(log)
                sys.stdout.flush()
                time.sleep(0.2)
        except psutil.NoSuchProcess:
            pass
        sys.stdout.writelines(log)
    print("The server has ended.", flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
