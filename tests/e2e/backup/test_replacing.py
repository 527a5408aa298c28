"""REPLACE=yes on this machine: nothing of what was there is left beside what is restored."""

import tempfile
from pathlib import Path

from tests.support.backups import SECRET, Filled, command_line
from tests.support.up import Up, own_environment


def test_what_was_there_is_removed_with_what_the_stripe_stand_in_remembers(filled: Filled) -> None:
    with tempfile.TemporaryDirectory(prefix="showcase-replace-") as folder:
        Path(folder).chmod(0o755)
        state = Path(folder) / "state"
        up = Up(state, {**own_environment(state), "BACKUP_IDENTITY": SECRET})
        (state / "storage").mkdir(parents=True)
        (state / "storage" / "old").write_text("old")
        (state / "stripe.json").write_text("{}")
        try:
            ended = command_line("restore", "--replace", str(filled.archive), **up.environment)
            assert ended.returncode == 0, ended.stdout + ended.stderr
            assert not (state / "storage" / "old").exists()
            assert not (state / "stripe.json").exists()
        finally:
            up.remove()
