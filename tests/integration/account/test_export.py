"""Archives in parts: made later, by anyone who is at hand, and complete whatever happens meanwhile."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.populated_users import Member, rows
from tests.support.stack import Stack
from tests.support.vendors.sendgrid import Mail, running_mail
from tests.support.vendors.stripe import SDK_WARNING

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

MakeMember = Callable[[], Member]


@pytest.fixture(scope="module")
def slow(stack: Stack, cluster: TestCluster) -> Iterator[Mail]:
    """Nothing within the request, parts as small as they get, and a row at a time."""
    tiny = {"ACCOUNT_EXPORT_PART_BYTES": "1", "ACCOUNT_EXPORT_WAIT_SECONDS": "0", "ACCOUNT_EXPORT_ROWS": "1"}
    with running_mail(
        stack, cluster, 1, ACCOUNT_RETRY_SECONDS="0", ACCOUNT_EXPORT_AGAIN_SECONDS="0", **tiny
    ) as running:
        yield running


def ask(mail: Mail, member: Member, name: str) -> httpx.Response:
    return mail.call(name, {}, mail.stack.headers(member.user))


def finished(mail: Mail, member: Member) -> dict[str, Any]:
    """By cron's calls; other tests' archives are among what they go on with."""
    answer: dict[str, Any] = {}
    for _ in range(60):
        assert mail.call("continueAccountExports").status_code == 200
        answer = ask(mail, member, "getAccountExport").raise_for_status().json()
        if answer["status"] == "done":
            return answer
    raise AssertionError(f"it is never complete: {answer}")


def entries(answer: dict[str, Any]) -> list[tuple[str, bytes]]:
    found = []
    for part in answer["parts"]:
        content = plain_http.get(part["url"]).raise_for_status().content
        assert len(content) == part["size"]
        archive = zipfile.ZipFile(io.BytesIO(content))
        found += [(name, archive.read(name)) for name in archive.namelist() if name != "README.txt"]
    return found


def stored(stack: Stack, member: Member) -> list[str]:
    query = "select name from storage.objects where bucket_id = 'account-exports' and starts_with(name, %s) order by 1"
    return [row["name"] for row in rows(stack, query, str(member.user.id))]


def test_many_parts_hold_what_one_would(mail: Mail, slow: Mail, member: MakeMember, stack: Stack) -> None:
    someone = member()
    asked = ask(slow, someone, "exportAccount")
    assert asked.status_code == 202
    assert (asked.json()["status"], asked.json()["parts"]) == ("running", [])
    many = finished(slow, someone)
    assert many["id"] == asked.json()["id"]
    assert len(many["parts"]) > 10
    sources = [row["source"] for row in rows(stack, "select source from private.personal_data")]
    files = dict(entries(many))
    assert len(files) == len(entries(many)), "nothing comes twice"
    assert len(stored(stack, someone)) == len(many["parts"])
    assert {f"data/{source}.{kind}" for source in sources for kind in ("json", "csv")} <= set(files)
    assert len([name for name in files if name.startswith("files/")]) == 8

    earlier = "update private.account_exports set finished_at = now() - interval '1 hour' where id = %s"
    rows(stack, earlier, many["id"])
    one = ask(mail, someone, "exportAccount").raise_for_status().json()
    assert one["id"] != many["id"]
    assert len(one["parts"]) == 1
    again = dict(entries(one))
    assert set(again) == set(files)
    changed = {"account_exports", "files", "notifications", "notification_events", "file_removals"}
    for name, content in again.items():
        if name.rpartition("/")[2].partition(".")[0] not in changed:
            assert content == files[name], name


def test_a_file_that_is_lost_is_listed_and_the_rest_is_there(mail: Mail, member: MakeMember, stack: Stack) -> None:
    """Storage's table has it and its disk has not."""
    someone = member()
    lost = f"{someone.user.id}/lost.png"
    query = "insert into storage.objects (bucket_id, name, metadata) values ('ai-assets', %s, '{\"size\": 10}')"
    rows(stack, query, lost)
    done = ask(mail, someone, "exportAccount").json()
    assert done["status"] == "done", done
    found = dict(entries(done))
    assert json.loads(found["data/missing_files.1.json"]) == [f"ai-assets/{lost}"]
    assert len([name for name in found if name.startswith("files/")]) == 8


def test_who_asks_again_gets_the_same_archive_and_one_letter(mail: Mail, member: MakeMember, stack: Stack) -> None:
    someone = member()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: ask(mail, someone, "exportAccount"), range(6)))
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    done = finished(mail, someone)
    assert ask(mail, someone, "exportAccount").json()["id"] == done["id"]
    assert len(mail.of(someone.user, "data_export_ready")) == 1
    assert len(stored(stack, someone)) == len(done["parts"])
    rows(stack, "update private.account_exports set finished_at = now() - interval '1 hour' where id = %s", done["id"])
    assert ask(mail, someone, "exportAccount").json()["id"] != done["id"]


def test_an_archive_is_its_users_alone(mail: Mail, member: MakeMember) -> None:
    someone, other = member(), member()
    assert ask(mail, someone, "exportAccount").status_code == 200
    assert ask(mail, other, "getAccountExport").json()["code"] == "export_not_found"
    (mine,) = ask(mail, other, "exportAccount").json()["parts"]
    (theirs,) = ask(mail, someone, "getAccountExport").json()["parts"]
    address, _, token = mine["url"].partition("?")
    assert plain_http.get(f"{theirs['url'].partition('?')[0]}?{token}").is_client_error
    assert plain_http.get(address).is_client_error
    assert mail.call("getAccountExport", {"user_id": str(someone.user.id)}).status_code == 403
    assert mail.call("continueAccountExports", {}, mail.stack.headers(other.user)).status_code == 403
    assert mail.call("exportAccount", {}, {}).status_code == 401


def test_who_was_overtaken_adds_nothing(mail: Mail, member: MakeMember, stack: Stack) -> None:
    """Two make one part, because the first was thought dead: the parts are those of the second."""
    someone = member()
    (made,) = rows(
        stack,
        "insert into private.account_exports (user_id, expires_at) values (%s, now() + '1 hour') returning id",
        someone.user.id,
    )
    late, present = (
        rows(stack, "select public.lease_account_export(0, %s) as it", made["id"])[0]["it"] for _ in range(2)
    )
    assert (late["lease"], present["lease"]) == (1, 2)
    query = 'select public.record_account_export_part(%s, %s, %s, 5, \'{"kind": "end"}\') as kept'
    assert rows(stack, query, made["id"], late["lease"], "late.zip") == [{"kept": False}]
    assert rows(stack, query, made["id"], present["lease"], "present.zip") == [{"kept": True}]
    query = "select parts from private.account_exports where id = %s"
    assert rows(stack, query, made["id"]) == [{"parts": [{"name": "present.zip", "size": 5}]}]
    rows(stack, "delete from private.account_exports where id = %s", made["id"])


def test_what_has_run_out_is_removed(mail: Mail, slow: Mail, member: MakeMember, stack: Stack) -> None:
    someone = member()
    url = ask(mail, someone, "exportAccount").json()["parts"][0]["url"]
    rows(stack, "update private.account_exports set expires_at = now() where user_id = %s", someone.user.id)
    assert ask(mail, someone, "getAccountExport").status_code == 404
    mail.call("continueAccountExports")
    for _ in range(20):
        if not stored(stack, someone):
            break
        mail.call("sweepMedia")
    assert stored(stack, someone) == []
    assert plain_http.get(url).is_client_error


def test_the_letter_has_every_part(slow: Mail, member: MakeMember, stack: Stack) -> None:
    someone = member()
    ask(slow, someone, "exportAccount")
    done = finished(slow, someone)
    (queued,) = slow.of(someone.user, "data_export_ready")
    assert len(queued["payload"]["urls"]) == len(done["parts"])
    assert queued["payload"]["size_bytes"] == done["size"]
    assert json.dumps(queued["payload"]["url"]) in json.dumps(queued["payload"]["urls"])
