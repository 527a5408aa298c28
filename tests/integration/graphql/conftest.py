import httpx
import pytest

from tests.support.users import User


@pytest.fixture
def projects(owner: httpx.Client, user: User) -> list[str]:
    """Five of a user's projects, of which the last is a draft."""
    rows = [{"title": f"Title {n}", "status": "draft" if n == 4 else "published"} for n in range(5)]
    owner.post("/rest/v1/projects", json=rows).raise_for_status()
    return [row["title"] for row in rows]
