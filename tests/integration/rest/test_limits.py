"""What a request may cost, and what is left after one that fails."""

import httpx
import pytest


def test_a_connection_is_of_use_after_a_body_that_is_too_large(rest: httpx.Client) -> None:
    assert rest.post("/books", content=bytes(33 * 1024 * 1024)).status_code == 413
    assert rest.get("/books?limit=1").status_code == 200


def test_requests_that_fail_leave_no_prepared_statements(rest: httpx.Client) -> None:
    for number in range(200):
        assert rest.get(f"/books?select=x{number}:id&limit=1").status_code == 200
    for number in range(20):
        refused = rest.get(f"/books?select=y{number}:id&limit=1", headers={"Prefer": "timezone=nowhere"})
        assert (refused.status_code, refused.json()["code"]) == (400, "22023")
        assert rest.get(f"/books?select=z{number}:id&limit=1").status_code == 200
    assert rest.post("/rpc/prepared").json() <= 200


@pytest.mark.parametrize(
    "query",
    [
        "or=" + "(or" * 9000 + "(id.eq.1)" + ")" * 9000,
        "select=" + "a(" * 20000,
        "and=" + "(not.and" * 4000 + "(id.eq.1)" + ")" * 4000,
    ],
)
def test_what_is_nested_without_end_is_refused(rest: httpx.Client, query: str) -> None:
    answer = rest.get(f"/books?{query}")
    assert answer.status_code == 400, answer.text[:200]
    assert rest.get("/books?limit=1").status_code == 200
