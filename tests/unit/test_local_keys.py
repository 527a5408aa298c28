"""The keys of a state folder: made once, kept, and completed where an older version made them."""

import json
import stat
from pathlib import Path

import pytest

from local.settings import Settings, with_local_keys


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_construct().model_copy(update={"state_folder": tmp_path})


def test_keys_are_made_once_for_the_owner_alone(settings: Settings) -> None:
    first, second = with_local_keys(settings), with_local_keys(settings)
    assert first == second
    file = settings.state_folder / "keys.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in settings.state_folder.iterdir()] == ["keys.json"]
    signing = json.loads(first.supabase_jwt_signing_key)
    assert (signing["kty"], signing["crv"], signing["alg"]) == ("EC", "P-256", "ES256")
    assert signing["kid"]


def test_a_folder_of_an_older_version_keeps_its_keys_and_gets_what_is_missing(settings: Settings) -> None:
    file = settings.state_folder / "keys.json"
    older = {
        "supabase_publishable_key": "sb_publishable_older",
        "supabase_secret_key": "sb_secret_older",
        "supabase_jwt_secret": "an older secret",
    }
    file.write_text(json.dumps(older))
    found = with_local_keys(settings)
    assert (found.supabase_publishable_key, found.supabase_secret_key) == ("sb_publishable_older", "sb_secret_older")
    assert found.supabase_jwt_secret == "an older secret"
    assert found.supabase_jwt_signing_key
    assert with_local_keys(settings) == found
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
