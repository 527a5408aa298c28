"""What a form shows of errors."""

from typing import Any

from tests.integration.rules.cases import Row, Rule
from tests.support.node import run_script


def shown(errors: list[Row], rules: dict[str, Rule]) -> list[Row]:
    """What supabase/types/showcase.ts makes of them."""
    answer: Any = run_script("field_errors.mjs", errors=errors, rules=list(rules.values()))
    return list(answer)
