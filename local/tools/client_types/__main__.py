"""Writes supabase/types from the database of a running `make up`.

Usage: python -m local.tools.client_types [URL of a migrated database]
"""

import sys

from local.settings import read_settings
from local.tools.client_types.documents import FOLDER, documents

if __name__ == "__main__":
    local = f"postgresql://postgres:postgres@127.0.0.1:{read_settings().postgres_port}/postgres"
    for name, text in documents(sys.argv[1] if len(sys.argv) > 1 else local).items():
        (FOLDER / name).write_text(text, encoding="utf-8")
