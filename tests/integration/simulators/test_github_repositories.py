"""What the simulator of GitHub tells of repositories, in GitHub's shapes."""

import pytest

from tests.support.vendors.github import FIELDS, GitHub


def test_every_repository_exists_with_numbers_of_its_own(github: GitHub) -> None:
    one = github.ask(github.batch("engine"))["data"]["r0"]
    again = github.ask(github.batch("engine", "other"))["data"]

    assert one == again["r0"]
    assert one["nameWithOwner"] == github.own("engine")
    assert one["stargazerCount"] >= one["forkCount"] >= 0
    assert one["watchers"]["totalCount"] >= 0
    assert again["r1"]["id"] != one["id"]


def test_names_differing_in_case_are_one_repository(github: GitHub) -> None:
    found = github.ask(github.batch("Engine", "engine"))["data"]
    assert found["r0"]["id"] == found["r1"]["id"]
    assert found["r0"]["stargazerCount"] == found["r1"]["stargazerCount"]


def test_all_fields_of_a_repository_and_of_the_viewer(github: GitHub) -> None:
    query = """query Q($owner: String!) {
        viewer { login }
        repository(owner: $owner, name: "engine", followRenames: true) {
            id databaseId name nameWithOwner url isPrivate isFork isArchived createdAt owner { login __typename }
        }
    }"""
    data = github.ask(query, {"owner": github.owner})["data"]
    found = data["repository"]
    assert data["viewer"]["login"]
    assert found["owner"] == {"login": github.owner, "__typename": "User"}
    assert (found["name"], found["url"]) == ("engine", f"https://github.com/{github.owner}/engine")
    assert (found["isPrivate"], found["isFork"], found["isArchived"]) == (False, False, False)
    assert found["id"].startswith("R_")
    assert isinstance(found["databaseId"], int)
    assert found["createdAt"].endswith("Z")


def test_a_hundred_aliases_are_one_point(github: GitHub) -> None:
    query = github.batch(*(f"r{i}" for i in range(100))).removesuffix("}") + " rateLimit { cost } }"
    data = github.ask(query)["data"]
    assert data.pop("rateLimit")["cost"] == 1
    assert len({each["id"] for each in data.values()}) == 100


def test_a_missing_repository_leaves_the_others_of_its_batch(github: GitHub) -> None:
    github.behave(github.own("gone"), {"kind": "not_found"})
    answer = github.ask(github.batch("engine", "gone"))

    assert answer["data"]["r0"]["nameWithOwner"] == github.own("engine")
    assert answer["data"]["r1"] is None
    [error] = answer["errors"]
    assert error["locations"][0]["line"] == 1
    assert {key: error[key] for key in ("type", "path", "message")} == {
        "type": "NOT_FOUND",
        "path": ["r1"],
        "message": f"Could not resolve to a Repository with the name '{github.own('gone')}'.",
    }


@pytest.mark.parametrize("name", ["", "a b", "x" * 101, "semi;colon", "ünï"])
def test_a_name_that_no_repository_can_have_is_missing(github: GitHub, name: str) -> None:
    answer = github.ask(github.batch(name))
    assert answer["data"] == {"r0": None}
    assert answer["errors"][0]["type"] == "NOT_FOUND"


def test_a_renamed_repository_is_found_by_both_names_and_its_id(github: GitHub) -> None:
    before = github.ask(github.batch("old"))["data"]["r0"]
    github.behave(github.own("old"), {"kind": "renamed", "to": github.own("new")}, {"kind": "counts", "stars": 7})

    found = github.ask(github.batch("old", "new"))["data"]
    by_id = github.ask(
        f"query ($id: ID!) {{ node(id: $id) {{ ... on Repository {{ {FIELDS} }} }} }}", {"id": before["id"]}
    )

    expected = {**before, "nameWithOwner": github.own("new"), "stargazerCount": 7}
    assert [found["r0"], found["r1"], by_id["data"]["node"]] == [expected] * 3


def test_a_renamed_repository_is_missing_by_its_old_name_when_renames_are_not_followed(github: GitHub) -> None:
    github.behave(github.own("old"), {"kind": "renamed", "to": github.own("new")})
    query = f'{{ r: repository(owner: "{github.owner}", name: "%s", followRenames: false) {{ nameWithOwner }} }}'
    assert github.ask(query % "old")["errors"][0]["type"] == "NOT_FOUND"
    assert github.ask(query % "new")["data"]["r"]["nameWithOwner"] == github.own("new")


def test_nodes_are_answered_one_by_one(github: GitHub) -> None:
    found = github.ask(github.batch("engine", "gone", "other"))["data"]
    ids = [found["r0"]["id"], found["r1"]["id"], "R_nonsense", found["r2"]["id"]]
    github.behave(github.own("gone"), {"kind": "not_found"})

    answer = github.ask(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Repository { nameWithOwner } } }", {"ids": ids}
    )

    names = [each and each["nameWithOwner"] for each in answer["data"]["nodes"]]
    assert names == [github.own("engine"), None, None, github.own("other")]
    assert [(error["type"], error["path"]) for error in answer["errors"]] == [
        ("NOT_FOUND", ["nodes", 1]),
        ("NOT_FOUND", ["nodes", 2]),
    ]
    assert answer["errors"][1]["message"] == "Could not resolve to a node with the global id of 'R_nonsense'"
    assert github.count(github.own("engine")) == 2  # by name, then by id


def test_private_and_protected_repositories(github: GitHub) -> None:
    github.behave(github.own("hidden"), {"kind": "private"})
    github.behave(github.own("mine"), {"kind": "private", "visible": True})
    github.behave(github.own("protected"), {"kind": "forbidden"})
    answer = github.ask(github.batch("hidden", "mine", "protected").replace("nameWithOwner", "isPrivate"))

    assert answer["data"]["r1"]["isPrivate"] is True
    assert [(error["type"], error["path"]) for error in answer["errors"]] == [
        ("NOT_FOUND", ["r0"]),
        ("FORBIDDEN", ["r2"]),
    ]
    assert answer["errors"][1]["extensions"] == {"saml_failure": True}


def test_fixed_counts_leave_the_others_as_they_are(github: GitHub) -> None:
    before = github.ask(github.batch("engine"))["data"]["r0"]
    github.behave(github.own("engine"), {"kind": "counts", "stars": 0, "watchers": 41})
    expected = {**before, "stargazerCount": 0, "watchers": {"totalCount": 41}}
    assert github.ask(github.batch("engine"))["data"]["r0"] == expected
