"""Asking /graphql/v1 as a hosted project serves it, and reading what it answers."""

from typing import Any

import httpx

Json = dict[str, Any]


def ask(client: httpx.Client, query: str, **variables: Any) -> Json:
    answer = client.post("/graphql/v1", json={"query": query, "variables": variables})
    assert answer.status_code == 200, answer.text
    result: Json = answer.json()
    return result


def reported(answer: Json) -> str:
    """What went wrong, when nothing was done."""
    assert "data" not in answer
    return str(answer["errors"][0]["message"])


def titles(answer: Json) -> list[str]:
    return [edge["node"]["title"] for edge in answer["data"]["projectCollection"]["edges"]]
