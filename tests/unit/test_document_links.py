"""Relative links of the documents lead to files and headings that exist, and the paths that they name exist."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = subprocess.run(
    ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split()
LINK = re.compile(r"\]\(([^()\s]+)\)")
# A code span that begins with a folder of the repository; `functions/v1` is an address, and some paths are patterns.
PATH = re.compile(
    r"`((?:bench|docs|examples|findings|functions(?!/v1)|local|ops|policies|sql|supabase|tests)/[\w./-]+)`"
)
MADE = "node_modules"


def prose(document: Path) -> str:
    """The text without fenced blocks and code spans, where brackets are no links."""
    without_blocks = re.sub(r"^(`{3,}).*?^\1", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", without_blocks, flags=re.DOTALL)


@cache
def anchors(document: Path) -> set[str]:
    """The anchors that GitHub makes of the headings: lower case, letters, digits, hyphens and underscores alone."""
    headings = re.findall(r"^#{1,6} +(.+?) *#*$", document.read_text(), flags=re.MULTILINE)
    seen: dict[str, int] = {}
    found = set()
    for heading in headings:
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        again = seen.get(anchor, 0)
        seen[anchor] = again + 1
        found.add(f"{anchor}-{again}" if again else anchor)
    return found


def broken(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (document.parent / path).resolve() if path else document
    if not target.exists():
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in anchors(target)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    document = ROOT / name
    links = [link for link in LINK.findall(prose(document)) if not re.match(r"[a-z]+:", link)]
    assert [link for link in links if broken(document, link)] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_paths_that_are_named_exist(name: str) -> None:
    paths = [path for path in PATH.findall((ROOT / name).read_text()) if MADE not in path]
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_a_link_to_a_missing_file_or_heading_is_broken(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("# One `two`\n\n# One two\n")
    links = ("#one-two", "#one-two-1", "page.md#one-two", "#three", "missing.md", "page.md#three")
    assert [link for link in links if broken(document, link)] == ["#three", "missing.md", "page.md#three"]
