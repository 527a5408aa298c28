"""What must not come back is found in any common disguise, and ordinary texts pass."""

import base64
import codecs
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from showcase.design.prompt import INSTRUCTIONS
from showcase.design.prompt_leaks import Confidential

from tests.support.json_schema import unhurried

CANARY = "0123456789abcdef01234567"
KEY = "local-Key_of-nobody.42"
CONFIDENTIAL = Confidential(INSTRUCTIONS, (CANARY, KEY))

DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper": str.upper,
    "spaced": " ".join,
    "invisible": "\u200b".join,
    "reversed": lambda text: text[::-1],
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 in words": lambda text: "it is" + base64.b64encode(text.encode()).decode().rstrip("=") + "there",
    "base64 in lines": lambda text: base64.encodebytes(text.encode()).decode(),
    "url-safe base64": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("secret", [INSTRUCTIONS, INSTRUCTIONS[300:420], CANARY, KEY])
def test_what_is_confidential_is_found(secret: str, disguise: str) -> None:
    said = DISGUISES[disguise](secret)
    assert CONFIDENTIAL.is_in([f"Gladly: {said}."])
    assert CONFIDENTIAL.is_in(["Gladly:", said[: len(said) // 2], said[len(said) // 2 :]]), "over two texts"


@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-abcdEFGH1234abcdEFGH1234",
        "sb_secret_abcdefgh12345678",
        "sk_live_51Habcdefghijklmnop",
        "ghp_" + "abcdefghij0123456789abcdefghij012345",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
    ],
)
def test_keys_are_found_whosever_they_are(key: str) -> None:
    assert CONFIDENTIAL.is_in([f"Use {key} to sign in."])


@pytest.mark.parametrize(
    "text",
    [
        "A general-purpose computer, in brass.",
        "Uses sk-learn and task-management-for-everybody; see the gallery below.",
        "Images, videos and links of the project. All text is plain.",
        "Four to ten blocks",
        "d41d8cd98f00b204e9800998ecf8427e is an MD5 sum, and aGVsbG8gd29ybGQ= says hello.",
    ],
)
def test_ordinary_texts_pass(text: str) -> None:
    assert not CONFIDENTIAL.is_in([text])


@unhurried
@given(st.lists(st.text(max_size=200), max_size=5))
def test_any_text_can_be_looked_at(texts: list[str]) -> None:
    assert not CONFIDENTIAL.is_in(texts)
