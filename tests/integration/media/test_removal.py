"""Files go with what showed them, anyone who deletes it and whatever fails on the way."""

import pytest

from tests.integration.media.media import Studio
from tests.support import plain_http
from tests.support.files.films import video
from tests.support.files.pictures import image


def test_a_deleted_row_takes_its_file_along(studio: Studio) -> None:
    project = studio.project()
    kept, gone = (studio.upload(project, image("PNG")).json() for _ in range(2))
    studio.http.delete(f"/rest/v1/project_images?id=eq.{gone['id']}").raise_for_status()
    (name,) = [name for name in studio.files() if gone["url"].endswith(name)]
    studio.sweep_until_gone("project-media", name)
    assert plain_http.get(gone["url"]).is_client_error
    assert plain_http.get(kept["url"]).is_success


def test_a_deleted_project_takes_its_files_along(studio: Studio) -> None:
    project, other = studio.project(), studio.project()
    studio.upload(project, image("PNG"))
    studio.upload(other, image("PNG"))
    assert studio.call("generateQrCode", project_id=project).is_success
    studio.store("project-media", f"{studio.user.id}/{project}/mine.png", image("PNG"))
    studio.http.delete(f"/rest/v1/projects?id=eq.{project}").raise_for_status()
    for bucket in ("project-media", "qr-codes"):
        for name in studio.files(bucket):
            if project in name:
                studio.sweep_until_gone(bucket, name)
    assert len(studio.files()) == 1
    assert studio.files("qr-codes") == []


@pytest.mark.parametrize("kind", ["image", "video"])
def test_what_is_shown_stays_with_its_project(studio: Studio, kind: str) -> None:
    """Its file is in the project's folder and goes with it, and each project has its number of places."""
    first, second = studio.project(), studio.project()
    content, content_type = (image("PNG"), "image/png") if kind == "image" else (video(), "video/mp4")
    studio.upload(first, content, content_type).raise_for_status()
    (row,) = studio.rows(first, kind)
    address, moved = f"/rest/v1/project_{kind}s", {"project_id": second}
    upsert = {"Prefer": "resolution=merge-duplicates"}
    for answer in (
        studio.http.patch(f"{address}?id=eq.{row['id']}", json=moved),
        studio.http.post(address, json={**row, **moved, "url": "https://example.com/a"}, headers=upsert),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "42501")
        assert "project" in answer.json()["message"]
    assert studio.rows(second, kind) == []
    assert studio.rows(first, kind) == [row]
    sent_back = studio.http.patch(f"{address}?id=eq.{row['id']}", json={"project_id": first, "url": row["url"]})
    assert sent_back.is_success, sent_back.text


def test_a_file_that_another_project_shows_stays(studio: Studio) -> None:
    """Rows could be moved once."""
    first, second = studio.project(), studio.project()
    shown = studio.upload(first, image("PNG")).json()
    gone = studio.upload(first, image("PNG")).json()
    studio.sql(
        "do $$ begin set local session_replication_role = replica; "
        f"update public.project_images set project_id = '{second}' where id = '{shown['id']}'; end $$"
    )
    studio.http.delete(f"/rest/v1/projects?id=eq.{first}").raise_for_status()
    (name,) = [name for name in studio.files() if gone["url"].endswith(name)]
    studio.sweep_until_gone("project-media", name)
    for _ in range(20):
        studio.sweep()
        if not studio.sql("select from private.file_removals where starts_with(name, %s)", str(studio.user.id)):
            break
    assert plain_http.get(shown["url"]).is_success


def test_a_deleted_user_takes_every_file_along(studio: Studio, rival: Studio) -> None:
    for each in (studio, rival):
        each.upload(each.project(), image("PNG"))
        each.announce(each.project(), image("PNG"))
        each.call("generateQrCode").raise_for_status()
    studio.sql("delete from auth.users where id = %s", studio.user.id)
    for bucket in ("project-media", "qr-codes", "uploads"):
        for name in studio.files(bucket):
            studio.sweep_until_gone(bucket, name)
    assert len(rival.files()) == len(rival.files("qr-codes")) == 1


def test_a_row_that_points_at_anothers_file_takes_nothing_along(studio: Studio, rival: Studio) -> None:
    shown = studio.upload(studio.project(), image("PNG")).json()
    project = rival.project()
    row = {"project_id": project, "url": shown["url"]}
    assert rival.http.post("/rest/v1/project_images", json=row).status_code == 403
    with rival.stack.client("service") as service:
        service.post("/rest/v1/project_images", json=row).raise_for_status()
    rival.http.delete(f"/rest/v1/project_images?project_id=eq.{project}").raise_for_status()
    rival.http.delete(f"/rest/v1/projects?id=eq.{project}").raise_for_status()
    assert rival.sql("select name from private.file_removals where name = %s", studio.files()[0]) == []
    rival.sweep()
    assert plain_http.get(shown["url"]).is_success


def test_a_file_that_is_shown_again_is_kept(studio: Studio) -> None:
    project = studio.project()
    row = studio.upload(project, image("PNG")).json()
    studio.http.delete(f"/rest/v1/project_images?id=eq.{row['id']}").raise_for_status()
    with studio.stack.client("service") as service:
        again = {"project_id": project, "url": row["url"]}
        service.post("/rest/v1/project_images", json=again).raise_for_status()
    studio.sweep()
    assert plain_http.get(row["url"]).is_success


def test_nobody_keeps_more_files_than_places_by_putting_rows_back(studio: Studio) -> None:
    project = studio.project()
    row = studio.upload(project, image("PNG")).json()
    elsewhere = {"project_id": project, "url": "https://example.com/a.png"}
    studio.http.post("/rest/v1/project_images", json=elsewhere).raise_for_status()
    studio.http.delete(f"/rest/v1/project_images?id=eq.{row['id']}").raise_for_status()
    again = {"project_id": project, "url": row["url"]}
    assert studio.http.post("/rest/v1/project_images", json=again).status_code == 403
    address = f"/rest/v1/project_images?project_id=eq.{project}"
    assert studio.http.patch(address, json={"url": row["url"]}).status_code == 403
    (name,) = studio.files()
    studio.sweep_until_gone("project-media", name)


def test_links_to_elsewhere_take_places_too(studio: Studio) -> None:
    project = studio.project()
    links = [{"project_id": project, "url": f"https://example.com/{number}.mp4"} for number in range(2)]
    studio.http.post("/rest/v1/project_videos", json=links).raise_for_status()
    answer = studio.call("createUploadUrl", project_id=project, content_type="video/mp4", size=100)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many")


def test_the_nightly_sweep_finds_orphans_both_ways(studio: Studio) -> None:
    project = studio.project()
    shown, lost, late = (studio.upload(project, image("PNG")).json() for _ in range(3))
    name = {
        row["id"]: next(file for file in studio.files() if row["url"].endswith(file)) for row in (shown, lost, late)
    }
    # Rows and files that lost each other: no trigger saw it.
    with studio.stack.client("service") as service:
        service.request(
            "DELETE", "/storage/v1/object/project-media", json={"prefixes": [name[lost["id"]]]}
        ).raise_for_status()
    studio.sql(
        "do $$ begin set local session_replication_role = replica; "
        f"delete from public.project_images where id = '{late['id']}'; end $$"
    )
    assert lost["id"] in studio.sweep(orphans=True)["missing"]
    assert name[late["id"]] in studio.files(), "young files may be on their way"
    studio.sql(
        "update storage.objects set created_at = now() - interval '2 days' where starts_with(name, %s)",
        str(studio.user.id),
    )
    studio.sweep(orphans=True)
    assert studio.files() == [name[shown["id"]]]


def test_what_storage_does_not_take_is_tried_again_later(studio: Studio) -> None:
    """The row says that its file is still there: it is not lost, and not asked for at once."""
    bucket, name = "project-media", f"{studio.user.id}/stays.png"
    studio.store(bucket, name, image("PNG"))
    studio.sql(
        "insert into private.file_removals (bucket_id, name, next_attempt_at) values (%s, %s, now() + '1 day')",
        bucket,
        name,
    )
    with studio.stack.client("service") as service:
        body = {"bucket_id": bucket, "names": [name], "reason": "storage_unavailable"}
        answer = service.post("/rest/v1/rpc/finish_file_removals", json=body)
    assert answer.json() == {"removed": 0, "failed": 1}
    (row,) = studio.sql(
        "select last_error, next_attempt_at > now() as later from private.file_removals where name = %s", name
    )
    assert row == {"last_error": "storage_unavailable", "later": True}
    studio.sql("update private.file_removals set next_attempt_at = now() where name = %s", name)
    studio.sweep_until_gone(bucket, name)
    assert studio.sql("select 1 from private.file_removals where name = %s", name) == []


def test_only_services_sweep(studio: Studio) -> None:
    assert studio.call("sweepMedia").status_code == 403
