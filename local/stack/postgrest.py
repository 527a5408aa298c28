"""A real PostgREST behind the gateway, instead of the gateway's own engine: which program, and its configuration."""

import base64
import json
import re
import shutil
import subprocess
import tomllib
from urllib.parse import urlsplit

from local.settings import HOST, ROOT, Settings, SettingsError

VERSIONS = range(14, 17)  # that answer as the engine does, as far as was recorded
POOL = 10  # connections; PostgREST's default, and the Supabase CLI's


def find_postgrest(settings: Settings) -> str:
    """The program that POSTGREST names. Raises: SettingsError, unless it is a PostgREST of a known version."""
    name = "postgrest" if settings.postgrest == "path" else settings.postgrest
    program = shutil.which(name)
    if program is None:
        raise SettingsError(f"POSTGREST={settings.postgrest}: there is no program {name}.")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    version = re.match(r"PostgREST (\d+)\.", said)
    if version is None or int(version[1]) not in VERSIONS:
        raise SettingsError(
            f"POSTGREST={settings.postgrest}: PostgREST {VERSIONS[0]} to {VERSIONS[-1]} is wanted, "
            f"and {program} is {said or 'none'}."
        )
    return program


def configuration(settings: Settings, database_url: str) -> dict[str, str]:
    """PostgREST's environment: the schemas and limits are those that `supabase config push` gives a hosted project."""
    api = tomllib.loads((ROOT / "supabase" / "config.toml").read_text(encoding="utf-8"))["api"]
    database = urlsplit(database_url)
    named = {
        # Signed in as the role that may only become one of the API's.
        "DB_URI": database._replace(netloc=f"authenticator:postgres@{database.hostname}:{database.port}").geturl(),
        "DB_SCHEMAS": ",".join(api["schemas"]),
        "DB_EXTRA_SEARCH_PATH": ",".join(api["extra_search_path"]),
        "DB_ANON_ROLE": "anon",
        "DB_MAX_ROWS": str(api["max_rows"]),
        "DB_POOL": str(POOL),
        "JWT_SECRET": verification_keys(settings),
        "APP_SETTINGS_JWT_SECRET": settings.supabase_jwt_secret,
        "SERVER_HOST": HOST,
        "SERVER_PORT": str(settings.postgrest_port),
        "ADMIN_SERVER_HOST": HOST,
        "ADMIN_SERVER_PORT": str(settings.postgrest_admin_port),
    }
    return {f"PGRST_{name}": value for name, value in named.items()}


def verification_keys(settings: Settings) -> str:
    """What verifies tokens, as a JWK set (RFC 7517): Auth's public key, and the shared secret of HS256."""
    signing = json.loads(settings.supabase_jwt_signing_key)
    secret = base64.urlsafe_b64encode(settings.supabase_jwt_secret.encode()).decode().rstrip("=")
    public = {name: signing[name] for name in ("kty", "crv", "x", "y", "kid", "alg")}
    return json.dumps({"keys": [public, {"kty": "oct", "k": secret, "alg": "HS256"}]})
