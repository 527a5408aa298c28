"""`python -m local up | stop | reset`: the whole backend on this machine. `make up` and `make reset` call it."""

import argparse
import os
import sys

from local import belonging
from local.account import AccountError
from local.console import complain
from local.database import DatabaseError
from local.ports import PortsError
from local.postgres import PostgresError
from local.settings import Settings, SettingsError, read_settings

EXPECTED = (AccountError, DatabaseError, PortsError, PostgresError, SettingsError)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("command", choices=("up", "stop", "reset"))
    command = parser.parse_args().command
    try:
        settings = read_settings()
    except SettingsError as error:
        complain(error)
        return 1
    if command == "up":
        _take_mark(settings)
    return _run(command, settings)


def _take_mark(settings: Settings) -> None:
    """Start over with the mark of this stack in our own environment, for everything that we start to inherit it."""
    mark = belonging.mark(settings.state_folder)
    if not mark.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, "-m", "local", *sys.argv[1:]], {**os.environ, **mark})  # noqa: S606


def _run(command: str, settings: Settings) -> int:
    from local.stack import StackError, reset, stop, up

    try:
        if command == "up":
            return up(settings)
        if command == "stop":
            print("Stopped." if stop(settings) else "Nothing was running.")
        else:
            reset(settings)
            print(f"{settings.state_folder} is as new: the next start makes everything again.")
    except KeyboardInterrupt:
        print("\nStopped.")
    except (StackError, *EXPECTED) as error:
        complain(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
