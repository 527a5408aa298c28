"""Makes functions/showcase/models.py from the schema, by the Supabase CLI.

Usage: python -m local.generate_models [URL of a migrated database]
"""

import os
import subprocess
import sys

from local.database import MODULES, node_program
from local.settings import ROOT

MODELS = ROOT / "functions" / "showcase" / "models.py"
DATABASE = "postgresql://postgres:postgres@127.0.0.1:54322/postgres"
HEADER = '"""Generated from the schema by local/generate_models.py: do not edit."""\n\n'


def generate(url: str) -> str:
    """The models of a migrated database that speaks no TLS, as one on loopback."""
    command = [str(node_program()), str(MODULES / "supabase" / "dist" / "supabase.js")]
    finished = subprocess.run(
        [*command, "gen", "types", "--lang", "python", "--schema", "public", f"--remote={url}?sslmode=disable"],
        cwd=ROOT,
        env={**os.environ, "DO_NOT_TRACK": "1", "SUPABASE_TELEMETRY_DISABLED": "1", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return HEADER + finished.stdout.rstrip() + "\n"


if __name__ == "__main__":
    MODELS.write_text(generate(sys.argv[1] if len(sys.argv) > 1 else DATABASE), encoding="utf-8")
