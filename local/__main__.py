"""`python -m local up | stop | reset`: the whole backend on this machine. `make up` and `make reset` call it."""

import argparse
import sys

from local.console import complain
from local.postgres.cluster import PostgresError
from local.postgres.migrations import DatabaseError
from local.postgres.system_user import SystemUserError
from local.settings import Settings, SettingsError, read_settings
from local.stack import process_tree
from local.stack.ports import PortsError
from local.stack.state_lock import StackError, close_to_others

EXPECTED = (SystemUserError, DatabaseError, PortsError, PostgresError, SettingsError, StackError)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("command", choices=("up", "stop", "reset"))
    command = parser.parse_args().command
    close_to_others()
    try:
        settings = read_settings()
    except SettingsError as error:
        complain(error)
        return 1
    if command == "up":
        process_tree.take_mark(settings.state_folder, "local")
    return _run(command, settings)


def _run(command: str, settings: Settings) -> int:
    from local.stack.lifecycle import reset, stop, up

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
    except EXPECTED as error:
        complain(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
