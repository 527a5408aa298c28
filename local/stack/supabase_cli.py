"""How the Supabase CLI is run: with config.toml as it is committed, and of the machine only what is listed here.

CLI 3 lets SUPABASE_* variables, also those in .env files of the project and of supabase/, override config.toml,
and `config push` sends the result. So it runs in a copy of the project without such files, linked to no project.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from local.settings import ROOT

# What a program needs to find its home, the network and its certificates. `supabase login` keeps its token in the home.
INHERITED = frozenset(
    (
        *("HOME", "USER", "LOGNAME", "PATH", "TMPDIR", "TZ", "LANG", "LC_ALL", "TERM", "DBUS_SESSION_BUS_ADDRESS"),
        *("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    )
)
QUIET = {
    "DO_NOT_TRACK": "1",
    "NO_COLOR": "1",
    "SUPABASE_TELEMETRY_DISABLED": "1",
    "SUPABASE_NO_UPDATE_NOTIFIER": "1",
}
_LEFT_OUT = shutil.ignore_patterns(".env*", ".temp", ".branches", "__pycache__", "*.pyc")


def environment(machine: Mapping[str, str] = os.environ, **given: str) -> dict[str, str]:
    """The variables of the CLI: those of `machine` that are listed above, and `given`."""
    return {**{name: value for name, value in machine.items() if name in INHERITED}, **QUIET, **given}


def copy_project(folder: Path, project: Path = ROOT, *names: str) -> Path:
    """Copies what the CLI reads of a project: supabase/, and other folders by their names. Returns `folder`."""
    for name in ("supabase", *names):
        shutil.copytree(project / name, folder / name, ignore=_LEFT_OUT)
    return folder


@contextmanager
def copied_project(project: Path = ROOT) -> Iterator[Path]:
    """A copy that is gone afterwards."""
    with TemporaryDirectory(prefix="showcase-supabase-") as folder:
        yield copy_project(Path(folder), project)
