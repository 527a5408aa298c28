"""How the API says no."""

import httpx

from tests.access.matrix import Cell, names

METHODS = {"select": "GET", "insert": "POST", "update": "PATCH", "delete": "DELETE", "call": "POST"}


def assert_denied(answer: httpx.Response, caller: str) -> None:
    """For want of rights: 401 to visitors, who might sign in, and 403 to everybody else. A view of several sources
    takes no rows from any caller, which Postgres says before it looks at rights.
    """
    if answer.json()["code"] == "55000":
        assert answer.json()["message"].split(" view ")[0] in {
            "cannot insert into",
            "cannot update",
            "cannot delete from",
        }
        return
    assert answer.status_code == (401 if caller == "anon" else 403), answer.text
    assert answer.json()["code"] == "42501"


def assert_absent(client: httpx.Client, cell: Cell) -> None:
    """Neither its schema is served, nor is it found in the one that is."""
    method, folder = METHODS[cell.action], "rpc/" if cell.kind == "function" else ""
    schema, _, bare = cell.name.partition(".")

    def ask(path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        body: dict[str, str] | None = {} if method in {"POST", "PATCH"} else None
        return client.request(method, f"/rest/v1/{folder}{path}", json=body, headers=headers)

    answer = ask(bare, {"Accept-Profile": schema, "Content-Profile": schema})
    assert (answer.status_code, answer.json()["code"]) == (406, "PGRST106"), str(cell)
    assert ask(cell.name).status_code == 404, str(cell)
    if (cell.kind, f"public.{bare}") not in names():
        assert ask(bare).status_code == 404, str(cell)
