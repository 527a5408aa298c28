"""What interrupted uploads leave does not stay, and what a row names does."""

from pathlib import Path

from tests.support.node import run_script
from tests.support.stack import Stack
from tests.support.users import User


def test_only_what_no_row_names_is_removed_and_only_when_it_is_old(stack: Stack, user: User, tmp_path: Path) -> None:
    given = {"databaseUrl": stack.database_url, "folder": str(tmp_path), "bucket": "ai-assets"}
    answer = run_script("storage_sweep.mjs", **given, object=f"{user.id}/kept.png")
    assert answer["cutOff"] == "cut off"
    assert answer["incoming"] == []  # an upload that fails takes its bytes along
    named, orphan, unfinished = zip(*answer["after"], strict=True)
    assert named == (True, True, True)
    assert orphan == (True, False, False)
    assert unfinished == (True, True, False)
