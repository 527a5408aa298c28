"""`python -m ops.backup create | verify | restore | deleted | delete-again | key`; the Makefile calls it."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from local.console import complain, step
from local.postgres.cluster import PostgresError
from local.postgres.migrations import DatabaseError
from local.postgres.system_user import SystemUserError
from local.settings import Settings, SettingsError, read_settings
from local.stack import process_tree
from local.stack.ports import PortsError
from local.stack.state_lock import StackError, close_to_others, running_supervisor
from ops.backup.create import create
from ops.backup.deletions import delete_again, deletion_tombstones, read_list
from ops.backup.encryption import new_identity
from ops.backup.errors import BackupError
from ops.backup.manifest import Manifest
from ops.backup.restore import checked, restore
from ops.backup.settings import BackupSettings, read_backup_settings
from ops.backup.target import opened_source, opened_target
from ops.backup.verify import verify

EXPECTED = (
    *(SystemUserError, BackupError, DatabaseError, OSError, PortsError, PostgresError, SettingsError, StackError),
    psycopg.Error,
)
AFTERWARDS = """
Left to do in this project:
  - Nothing is scheduled yet: first delete-again, for those who left since, and suppress queued e-mails. Then
    `make deploy`, or project_url and secret_key into the Vault and `select private.apply_cron_jobs()`.
  - The functions' secrets, Stripe's and SendGrid's webhooks, Google's client: docs/operations/backups.md names each."""


def main() -> int:
    arguments = _arguments()
    close_to_others()
    try:
        settings, backup = read_settings(), read_backup_settings()
        stopped = settings.stack == "embedded" and running_supervisor(settings.state_folder) is None
        if stopped and arguments.command not in ("key", "verify"):
            process_tree.take_mark(settings.state_folder, "ops.backup")
        COMMANDS[arguments.command](arguments, settings, backup)
    except KeyboardInterrupt:
        complain("Interrupted. An archive appears only when it is whole; a restore can be gone on with: run it again.")
        return 130
    except EXPECTED as error:
        complain(str(error).strip() or type(error).__name__)
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ops.backup", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("create", help="make an archive")
    making.add_argument("archive", type=Path, nargs="?", help="where to; else into BACKUP_FOLDER, named by the time")
    making.add_argument("--unencrypted", action="store_true", help="everybody who has the file can read it")
    checking = commands.add_parser("verify", help="read an archive to its end")
    checking.add_argument("archive", type=Path)
    returning = commands.add_parser("restore", help="fill an empty project from an archive")
    returning.add_argument("archive", type=Path)
    returning.add_argument("--replace", action="store_true", help="of the stack on this machine, remove what is there")
    gone = commands.add_parser("deleted", help="list who was deleted, as hashes, one to a line")
    gone.add_argument("list", type=Path, help="is replaced")
    again = commands.add_parser("delete-again", help="after a restore, delete those whom such a list names")
    again.add_argument("list", type=Path)
    pair = commands.add_parser("key", help="make a pair of keys")
    pair.add_argument("file", type=Path, help="where the secret one goes")
    return parser.parse_args()


def _create(arguments: argparse.Namespace, settings: Settings, backup: BackupSettings) -> None:
    keys = [] if arguments.unencrypted else backup.public_keys()
    if not keys and not arguments.unencrypted:
        raise BackupError(
            "BACKUP_RECIPIENTS is not set, and a backup holds everybody's data: set it to an age public key "
            "(`python -m ops.backup key <file>` makes a pair), or say --unencrypted."
        )
    folder = backup.backup_folder or settings.state_folder / "backups"
    name = f"showcase-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar{'.age' if keys else ''}"
    path = (arguments.archive or folder / name).absolute()
    with opened_source(settings, backup) as target:
        manifest = create(target, path, keys)
    _print_summary(path, manifest)
    _print_notes(manifest.notes)


def _verify(arguments: argparse.Namespace, _settings: Settings, backup: BackupSettings) -> None:
    with step("every checksum of the archive"):
        manifest = verify(arguments.archive, backup.secret_keys())
    _print_summary(arguments.archive, manifest)
    _print_notes(manifest.notes)


def _restore(arguments: argparse.Namespace, settings: Settings, backup: BackupSettings) -> None:
    keys = backup.secret_keys()
    with (
        checked(arguments.archive, keys) as (archive, manifest),
        opened_target(settings, backup, replace=arguments.replace) as target,
    ):
        notes = restore(target, archive, manifest, keys)
    _print_summary(arguments.archive, manifest)
    _print_notes(notes)
    print(AFTERWARDS if settings.stack == "hosted" else "\nRestored. `make up` starts it.")


def _deleted(arguments: argparse.Namespace, settings: Settings, backup: BackupSettings) -> None:
    with opened_source(settings, backup) as target:
        hashes = deletion_tombstones(target.database_url)
    arguments.list.write_text("".join(f"{each}\n" for each in hashes), encoding="utf-8")
    print(f"{arguments.list}: {len(hashes)} users were deleted in the last 90 days.")


def _delete_again(arguments: argparse.Namespace, settings: Settings, backup: BackupSettings) -> None:
    hashes = read_list(arguments.list)
    with opened_source(settings, backup) as target:
        count = delete_again(target.database_url, hashes)
    print(f"{count} of {len(hashes)} had come back: continueAccountDeletions deletes them, once it is scheduled.")


def _key(arguments: argparse.Namespace, _settings: Settings, _backup: BackupSettings) -> None:
    secret, public = new_identity()
    descriptor = os.open(arguments.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"# public key: {public}\n{secret}\n")
    print(f"{arguments.file} opens the archives: keep it apart from them, and twice. For those who make them:")
    print(f"BACKUP_RECIPIENTS={public}")


def _print_summary(path: Path, manifest: Manifest) -> None:
    print(
        f"\n{path}: {path.stat().st_size:,} bytes, of {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC; "
        f"{len(manifest.tables)} tables with {manifest.rows:,} rows, "
        f"{manifest.files:,} files with {manifest.file_bytes:,} bytes."
    )


def _print_notes(notes: object) -> None:
    for note in notes if isinstance(notes, list | tuple) else ():
        print(f"  note: {note}")


Command = Callable[[argparse.Namespace, Settings, BackupSettings], None]
COMMANDS: Mapping[str, Command] = {
    "create": _create,
    "verify": _verify,
    "restore": _restore,
    "deleted": _deleted,
    "delete-again": _delete_again,
    "key": _key,
}

if __name__ == "__main__":
    sys.exit(main())
