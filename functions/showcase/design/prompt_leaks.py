"""Whether a text gives away what only we and the model know: the instructions, the marker in them, a key."""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

_PIECE = 40  # letters and digits of the instructions in a row: more than chance, less than a sentence
_SHORTEST_SECRET = 8
# What keys look like, by all issuers: OpenAI's, Supabase's, Stripe's, GitHub's, and signed tokens.
_KEYS = re.compile(
    r"\b(?:sk|rk|pk)[-_](?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{16,}|\bsb_(?:secret|publishable)_[A-Za-z0-9_-]{8,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\."
)
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_ROT13 = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm"
)


@dataclass(frozen=True)
class Confidential:
    """The instructions and every secret that must not come back, in any spacing, case or common disguise."""

    instructions: str
    secrets: tuple[str, ...]

    def is_in(self, texts: Iterable[str]) -> bool:
        """Whether any of them shows in these texts, read one after the other."""
        text = " ".join(texts)
        if _KEYS.search(text):
            return True
        return any(self._plain(_bare(version)) for version in _versions(text))

    def _plain(self, bare: str) -> bool:
        if any(secret in bare for secret in self._bare_secrets):
            return True
        return any(bare[at : at + _PIECE] in self._pieces for at in range(len(bare) - _PIECE + 1))

    @cached_property
    def _bare_secrets(self) -> tuple[str, ...]:
        return tuple(bare for secret in self.secrets if len(bare := _bare(secret)) >= _SHORTEST_SECRET)

    @cached_property
    def _pieces(self) -> frozenset[str]:
        bare = _bare(self.instructions)
        return frozenset(bare[at : at + _PIECE] for at in range(len(bare) - _PIECE + 1))


def _bare(text: str) -> str:
    """Letters and digits alone: what remains the same when somebody writes with s p a c e s or invisible signs."""
    return "".join(filter(str.isalnum, text)).casefold()


def _versions(text: str) -> Iterable[str]:
    yield text
    yield text[::-1]
    yield text.translate(_ROT13)
    for run in _ENCODED.findall(text) + _ENCODED.findall("".join(text.split())):
        yield from _decoded(run)


def _decoded(run: str) -> Iterable[str]:
    padded = run.rstrip("=").replace("-", "+").replace("_", "/")
    # A run may begin in the middle of a group, after words that stand without a space.
    for start in range(4):
        part = padded[start:]
        part = part[:-1] if len(part) % 4 == 1 else part  # one sign alone is no byte
        try:
            yield base64.b64decode(part + "=" * (-len(part) % 4)).decode("utf-8", "ignore")
        except binascii.Error:
            continue
    try:
        yield bytes.fromhex(run[: len(run) // 2 * 2]).decode("utf-8", "ignore")
    except ValueError:
        return
