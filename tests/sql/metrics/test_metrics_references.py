"""What a link names on its platform, for every form of link that the projects table takes."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.sql.metrics.metric_calls import make_project, references, rolled_back

EXAMPLES = settings(max_examples=40)


def check_reference(url: str, platform: str, link: str, expected: str) -> None:
    """Through the projects table, so that the links are those which it takes."""
    with rolled_back(url) as connection:
        project = make_project(connection, **{f"{platform}_link": link})
        assert references(connection, project) == {platform: expected}, link


queries = st.from_regex(r"(\?[a-z0-9=&%/.:-]{0,20})?", fullmatch=True)
slashes = st.sampled_from(["", "/"])
digits = st.from_regex(r"[1-9][0-9]{0,18}", fullmatch=True)
kinds = st.sampled_from(["activity", "share", "ugcPost"])


@EXAMPLES
@example(owner="a", name=".git", suffix="", slash="/", query="")
@given(
    owner=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}", fullmatch=True),
    # A dot at a link's end is the sentence's that it was in.
    name=st.from_regex(r"[A-Za-z0-9._-]{0,59}[A-Za-z0-9_-]", fullmatch=True),
    suffix=st.sampled_from(["", ".git"]),
    slash=slashes,
    query=queries,
)
def test_github_references(untouched_database: str, owner: str, name: str, suffix: str, slash: str, query: str) -> None:
    expected = name.removesuffix(".git") or name if not suffix else name
    link = f"https://github.com/{owner}/{name}{suffix}{slash}{query}"
    check_reference(untouched_database, "github", link, f"{owner}/{expected}")


@EXAMPLES
@given(
    host=st.sampled_from(["x.com", "twitter.com"]),
    handle=st.from_regex(r"[A-Za-z0-9_]{1,20}", fullmatch=True),
    number=digits,
    slash=slashes,
    query=queries,
)
def test_x_references(untouched_database: str, host: str, handle: str, number: str, slash: str, query: str) -> None:
    check_reference(untouched_database, "twitter", f"https://{host}/{handle}/status/{number}{slash}{query}", number)


@EXAMPLES
@given(kind=kinds, number=digits, slash=slashes, query=queries)
def test_linkedin_update_references(untouched_database: str, kind: str, number: str, slash: str, query: str) -> None:
    link = f"https://www.linkedin.com/feed/update/urn:li:{kind}:{number}{slash}{query}"
    check_reference(untouched_database, "linkedin", link, f"urn:li:{kind}:{number}")


# Words of a post's title stand in its slug, and may be "share" and a number.
words = st.lists(st.sampled_from(["share", "5", "tips", "activity", "2024", "ugcPost", "report"]), max_size=6)


@EXAMPLES
@given(
    title=words,
    kind=kinds,
    number=digits,
    code=st.from_regex(r"[A-Za-z0-9_]{4}", fullmatch=True),
    slash=slashes,
    query=queries,
)
def test_linkedin_post_references(
    untouched_database: str, title: list[str], kind: str, number: str, code: str, slash: str, query: str
) -> None:
    slug = "-".join(["ada_note", *title])
    link = f"https://www.linkedin.com/posts/{slug}-{kind}-{number}-{code}{slash}{query}"
    check_reference(untouched_database, "linkedin", link, f"urn:li:{kind}:{number}")
