"""Locks the packages again: `make lock`. No registry address is written, so that any mirror can serve them."""

import os
import subprocess
import sys

from local.postgres.migrations import node_program
from local.settings import ROOT

COMPILE = (
    *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--upgrade", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-emit-index-url", "--no-header", "pyproject.toml"),
)
RUNTIME = ("-o", "functions/requirements.txt")
# The functions run here with the versions that they are deployed with.
ALL = ("--extra", "local", "--extra", "test", "-c", "functions/requirements.txt", "-o", "local/requirements.txt")


def main() -> None:
    for arguments in (RUNTIME, ALL):
        subprocess.run([*COMPILE, *arguments], cwd=ROOT, check=True)
    node = node_program()
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    subprocess.run(
        [node, npm, "update", "--package-lock-only"],
        cwd=ROOT / "local",
        env={**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"},
        check=True,
    )


if __name__ == "__main__":
    main()
