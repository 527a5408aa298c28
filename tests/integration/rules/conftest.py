"""The rules as clients fetch them."""

import httpx
import pytest

from tests.integration.rules.cases import Rule


@pytest.fixture
def rules(anon: httpx.Client) -> dict[str, Rule]:
    """What visitors fetch."""
    served = anon.get("/rest/v1/field_rules").raise_for_status().json()
    return {rule["name"]: rule for rule in served}
