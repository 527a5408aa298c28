"""The system user that PostgreSQL runs as when we are root, and the folder it can always reach."""

import hashlib
import os
import pwd
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

NAME = "showcase-postgres"
# Used only where the checkout, or the virtual environment, is in a folder that other users may not enter (/root, say):
# copying is kinder than opening up somebody's folders.
HOME = Path("/var/lib/showcase-postgres")
ATTEMPTS = 20


class SystemUserError(Exception):
    """The system user could not be made."""


@dataclass(frozen=True)
class SystemUser:
    uid: int
    gid: int


def system_user() -> SystemUser | None:
    """None for an ordinary user: Postgres then runs as them."""
    if os.geteuid() != 0:
        return None
    reason = ""
    for _ in range(ATTEMPTS):
        try:
            entry = pwd.getpwnam(NAME)
        except KeyError:
            reason = _add_user()
            time.sleep(0.1)  # useradd refuses while another one works
        else:
            return SystemUser(entry.pw_uid, entry.pw_gid)
    raise SystemUserError(
        f"PostgreSQL refuses to run as root, and the system user {NAME} could not be made ({reason}): "
        "run as an ordinary user, or make that user yourself."
    )


def _add_user() -> str:
    """Debian's and Red Hat's command, then Alpine's; what went wrong with them."""
    reason = "no useradd or adduser here"
    for command in (
        ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", str(HOME), NAME],
        ["adduser", "-S", "-D", "-H", "-h", str(HOME), NAME],
    ):
        try:
            finished = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            continue
        if finished.returncode == 0:
            return ""
        return finished.stderr.strip()
    return reason


def can_execute(user: SystemUser, program: Path) -> bool:
    return _succeeds(user, [str(program), "--version"])


def can_enter(user: SystemUser, folder: Path) -> bool:
    return _succeeds(user, ["/bin/sh", "-c", 'cd "$0"', str(folder)])


def private_home(of: Path) -> Path:
    """The copy, under the system user's home, for a folder that the user cannot reach."""
    HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    HOME.chmod(0o755)  # whatever the umask is
    return HOME / hashlib.sha256(str(of.absolute()).encode()).hexdigest()[:16]


def _succeeds(user: SystemUser, command: list[str]) -> bool:
    """Trying is the only answer that counts access lists and mount options too."""
    try:
        finished = subprocess.run(
            command, cwd="/", capture_output=True, check=False, user=user.uid, group=user.gid, extra_groups=[]
        )
    except PermissionError:
        return False
    return finished.returncode == 0
