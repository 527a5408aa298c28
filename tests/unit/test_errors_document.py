"""docs/errors.md lists each code that a caller can be answered with, read from the syntax trees of what answers."""

import ast
import importlib
import re
from collections.abc import Iterator
from types import ModuleType

from showcase.errors import ApiError
from showcase.media.domain import Reason

from local.settings import ROOT

DOCUMENT = (ROOT / "docs" / "errors.md").read_text()
FUNCTIONS = ROOT / "functions"

Answer = tuple[str, int]


def documented() -> list[Answer]:
    rows = re.findall(r"^\| `(\w+)` \| ([0-9, ]+) \|", DOCUMENT, re.MULTILINE)
    return [(code, int(status)) for code, statuses in rows for status in statuses.split(",")]


def answers_of(module: ModuleType, tree: ast.AST, cases: tuple[str, ...] = ()) -> Iterator[Answer]:
    """Each error that is made or raised; `cases` are the values of the `match` case that this stands in."""
    if isinstance(tree, ast.match_case):
        cases = tuple(str(node.value) for node in ast.walk(tree.pattern) if isinstance(node, ast.Constant))
    if isinstance(tree, ast.Call) and (error := error_named(module, tree.func)):
        given = next((keyword.value for keyword in tree.keywords if keyword.arg == "code"), None)
        for code in codes(error, given, cases):
            yield code, error.status
    if isinstance(tree, ast.Raise) and tree.exc and not isinstance(tree.exc, ast.Call):
        for error in filter(None, (error_named(module, node) for node in ast.walk(tree.exc))):
            yield error.default_code, error.status
    for child in ast.iter_child_nodes(tree):
        yield from answers_of(module, child, cases)


def error_named(module: ModuleType, node: ast.AST) -> type[ApiError] | None:
    found = vars(module).get(node.id) if isinstance(node, ast.Name) else None
    return found if isinstance(found, type) and issubclass(found, ApiError) else None


def codes(error: type[ApiError], given: ast.expr | None, cases: tuple[str, ...]) -> tuple[str, ...]:
    if given is None:
        return (error.default_code,)
    if isinstance(given, ast.Constant):
        return (str(given.value),)
    return cases or tuple(Reason)  # what the checks of a file say is the code


def of_the_functions() -> set[Answer]:
    found: set[Answer] = set()
    for path in (FUNCTIONS / "showcase").rglob("*.py"):
        name = ".".join(path.relative_to(FUNCTIONS).with_suffix("").parts)
        found |= set(answers_of(importlib.import_module(name), ast.parse(path.read_text())))
    return found


def before_the_functions() -> set[Answer]:
    """Of the local gateway, and of the forwarders that hosted Supabase runs."""
    gateway = "".join(path.read_text() for path in (ROOT / "local" / "gateway").rglob("*.mjs"))
    forwarders = "".join(path.read_text() for path in (ROOT / "supabase" / "functions").rglob("*.ts"))
    sent = re.findall(r'sendProblem\(\w+, \{[^}]*status: ([^,]+),[^}]*code: "(\w+)"', gateway)
    local = {(code, int(status)) for statuses, code in sent for status in re.findall(r"[0-9]+", statuses)}
    named = re.findall(r"^  (\w+): \[([0-9]{3}), ", forwarders, re.MULTILINE)
    return local | {(code, int(status)) for code, status in named}


def test_every_code_is_listed_once_with_its_statuses() -> None:
    listed = documented()
    assert set(listed) == of_the_functions() | before_the_functions()
    assert len(listed) == len(set(listed))


def test_everything_that_answers_is_read() -> None:
    """One of each way in which a code can be given: a default, a word, a case, a check, another part."""
    ways = {("forbidden", 403), ("not_the_owner", 403), ("too_many", 409), ("damaged_file", 422)}
    assert ways | {("assistant_interrupted", 502), ("invalid_signature", 400)} <= of_the_functions()
    assert ("function_unavailable", 504) in before_the_functions()
