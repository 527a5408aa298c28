"""What may be reported of an error, and what must never be: the one gate before logs and Sentry.

Reported is only what we know to be harmless (`describe`). `Redactor` is the second gate, should anything slip in.
"""

import json
import re
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from showcase.errors import ApiError, SafeToLogError, VendorError

_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|DSN|PASSWORD)S?$")
_SHORTEST_SECRET = 8
_PATTERNS = (
    r"eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?",  # a JSON web token
    r"(?:sb_secret|sb_publishable|[sr]k_(?:live|test)|whsec|github_pat|gh[opsu]|xox\w)_\w{6,}",
    r"(?:SG\.|sk-)[\w.-]{10,}",
    r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}",  # an e-mail address
)
# Each pattern matches only where one of these stands.
_MARKERS = (
    *("eyJ", "sb_secret_", "sb_publishable_", "k_live_", "k_test_", "whsec_", "github_pat_", "SG.", "sk-", "@"),
    *("gho_", "ghp_", "ghs_", "ghu_", "xox"),
)


@dataclass(frozen=True)
class Redactor:
    """Takes out the secrets of this process, and whatever looks like a key, a token or an e-mail address."""

    pattern: re.Pattern[str]
    markers: tuple[str, ...] = ()

    def may_match(self, json_text: str) -> bool:
        """False only where there is nothing to redact in the values that this JSON (not ASCII alone) was made of.

        Searching for fixed texts takes a fraction of what the pattern takes.
        """
        for marker in self.markers:  # noqa: SIM110 - `any` takes three times as long, for each log line
            if marker in json_text:
                return True
        return False

    def __call__(self, text: str) -> str:
        return self.pattern.sub("[redacted]", text)

    def inside(self, value: object) -> object:
        """What JSON will be made of, with every text in it redacted: as JSON, line breaks and quotes look different."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {self(str(name)): self.inside(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.inside(each) for each in value]
        return self(str(value))


def redactor(environment: Mapping[str, str]) -> Redactor:
    """Redacts the values of secrets in the environment, by the names of its variables, and what looks like a secret."""
    values = (value for name, value in environment.items() if _SECRET_NAME.search(name))
    secrets = {part.strip() for value in values for part in (value, *value.split(","))}
    secrets = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
    known = sorted(map(re.escape, secrets), key=len, reverse=True)
    unmarked = {text for text in map(_json, secrets) if not any(marker in text for marker in _MARKERS)}
    return Redactor(re.compile("|".join([*known, *_PATTERNS])), (*_MARKERS, *sorted(unmarked)))


def _json(secret: str) -> str:
    """A secret as it stands in JSON."""
    return json.dumps(secret, ensure_ascii=False)[1:-1]


def describe(error: BaseException) -> str:
    """Of our own errors, their code or reason. Of any other, nothing: its text may quote what was sent or answered."""
    if isinstance(error, ApiError):
        return error.code
    return str(error) if isinstance(error, VendorError | SafeToLogError) else ""


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error, what caused it, and what those in a group are, each once."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [each for each in (one.__cause__, one.__context__) if each is not None]
        waiting += one.exceptions if isinstance(one, BaseExceptionGroup) else ()


def stack_trace(error: BaseException) -> str:
    """As Python prints it, the cause first, with the descriptions in place of the errors' own texts."""
    parts = []
    for one in reversed(list(chain(error))):
        name = f"{type(one).__module__}.{type(one).__qualname__}"
        frames = "".join(traceback.format_tb(one.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{name}: {describe(one)}")
    return "\n\n".join(parts)
