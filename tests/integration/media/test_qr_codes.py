"""QR codes, read back with a decoder that knows nothing of how they were made."""

import io
from uuid import uuid4

import segno
import zxingcpp
from PIL import Image

from tests.integration.media.media import Studio
from tests.support import plain_http
from tests.support.files.pictures import bomb, image


def read(url: str) -> str:
    with Image.open(io.BytesIO(plain_http.get(url).raise_for_status().content)) as picture:
        (found,) = zxingcpp.read_barcodes(picture.convert("RGB"))
    return found.text


def test_a_code_leads_to_the_profile_and_is_made_once(studio: Studio) -> None:
    first, again = (studio.call("generateQrCode").raise_for_status().json() for _ in range(2))
    assert first == again
    assert read(first["png_url"]) == first["link"] == f"{studio.stack.site_url}/{studio.user.username}"
    assert first["svg"].startswith("<svg")
    assert len(studio.files("qr-codes")) == 1


def test_a_code_follows_its_link(studio: Studio) -> None:
    project = studio.project()
    profile = studio.call("generateQrCode").json()
    made = studio.call("generateQrCode", project_id=project, dark="#7a1fa2", error_correction="Q").json()
    assert plain_http.get(profile["png_url"]).headers["cache-control"] == "public, max-age=300"
    renamed = f"n{studio.user.id.hex[:12]}"
    studio.http.patch(f"/rest/v1/users?id=eq.{studio.user.id}", json={"username": renamed}).raise_for_status()
    studio.sweep()  # the address that was printed nowhere but in the code's picture stays
    assert read(profile["png_url"]) == f"{studio.stack.site_url}/{renamed}"
    for each in (profile, made):
        assert plain_http.get(each["png_url"]).headers["cache-control"] == "public, max-age=300"
    assert read(made["png_url"]) == f"{studio.stack.site_url}/{renamed}/projects/{project}"
    assert studio.call("generateQrCode", project_id=project, dark="#7a1fa2", error_correction="Q").json() == {
        **studio.call("generateQrCode", project_id=project, dark="#7a1fa2", error_correction="Q").json(),
        "png_url": made["png_url"],
    }


def test_a_code_follows_its_site(studio: Studio) -> None:
    """It was made while the site, or the way to a profile on it, was another."""
    made = studio.call("generateQrCode").json()
    (name,) = studio.files("qr-codes")
    studio.sql("update private.qr_codes set link = 'https://old.example/ada' where name = %s", name)
    with studio.stack.client("service") as service:
        headers = {"Content-Type": "image/png", "x-upsert": "true"}
        old = io.BytesIO()
        segno.make_qr("https://old.example/ada").save(old, kind="png", scale=8)
        address = f"/storage/v1/object/qr-codes/{name}"
        service.post(address, content=old.getvalue(), headers=headers).raise_for_status()
    assert read(made["png_url"]) == "https://old.example/ada"
    for _ in range(20):
        studio.sweep()
        if studio.sql("select 1 from private.qr_codes where name = %s and link = %s", name, made["link"]):
            break
    assert read(made["png_url"]) == made["link"]


def test_a_logo_is_one_of_ones_own_images(studio: Studio, rival: Studio) -> None:
    project = studio.project()
    logo = studio.upload(project, image("JPEG", (300, 100)), "image/jpeg").json()
    made = studio.call("generateQrCode", project_id=project, logo_image_id=logo["id"]).raise_for_status().json()
    assert read(made["png_url"]) == made["link"]
    assert rival.call("generateQrCode", logo_image_id=logo["id"]).status_code == 404


def test_a_logo_that_is_too_large_is_refused(studio: Studio) -> None:
    project = studio.project()
    pixels = studio.upload(project, bomb(5000, 4000)).raise_for_status().json()
    known = next(name for name in studio.files() if pixels["url"].endswith(name))
    name = f"{studio.user.id}/{project}/{uuid4()}.png"
    studio.store("project-media", name, bytes(10 * 1024 * 1024 + 1))  # from when images had more
    (stored,) = studio.sql(
        "insert into public.project_images (project_id, url) values (%s, %s) returning id",
        project,
        pixels["url"].replace(known, name),
    )
    for logo in (pixels["id"], stored["id"]):
        answer = studio.call("generateQrCode", logo_image_id=str(logo))
        assert (answer.status_code, answer.json()["code"]) == (422, "logo_too_large")
    assert studio.files("qr-codes") == []


def test_a_logo_that_cannot_be_decoded_is_refused(studio: Studio) -> None:
    project = studio.project()
    logo = studio.upload(project, image("PNG", (300, 100)), "image/png").json()
    known = next(name for name in studio.files() if logo["url"].endswith(name))
    name = f"{studio.user.id}/{project}/{uuid4()}.png"
    studio.store("project-media", name, image("PNG", (300, 100))[:-40])
    (stored,) = studio.sql(
        "insert into public.project_images (project_id, url) values (%s, %s) returning id",
        project,
        logo["url"].replace(known, name),
    )
    answer = studio.call("generateQrCode", logo_image_id=str(stored["id"]))
    assert (answer.status_code, answer.json()["code"]) == (422, "damaged_file")


def test_a_code_leads_to_what_everybody_sees(studio: Studio, rival: Studio) -> None:
    draft, published = studio.project("draft"), studio.project()
    assert studio.call("generateQrCode", project_id=draft).status_code == 409
    assert rival.call("generateQrCode", project_id=published).status_code == 404
    url = studio.call("generateQrCode", project_id=published).json()["png_url"]
    studio.http.patch(f"/rest/v1/projects?id=eq.{published}", json={"status": "draft"}).raise_for_status()
    (name,) = studio.files("qr-codes")
    studio.sweep_until_gone("qr-codes", name)
    assert plain_http.get(url).is_client_error


def test_colours_that_do_not_stand_out_are_refused(studio: Studio) -> None:
    for colours in ({"dark": "#777777"}, {"dark": "#ffffff", "light": "#000000"}):
        answer = studio.call("generateQrCode", **colours)
        assert (answer.status_code, answer.json()["code"]) == (422, "low_contrast")
    assert studio.call("generateQrCode", dark="url(evil)").status_code == 422
    assert studio.call("generateQrCode", light='#ffffff"/><script>').status_code == 422
    assert studio.files("qr-codes") == []


def test_a_code_that_cannot_be_made_again_keeps_nobody_waiting(studio: Studio, rival: Studio) -> None:
    """Its logo's file is lost; what others wait for goes on."""
    project = studio.project()
    logo = studio.upload(project, image("JPEG", (300, 100)), "image/jpeg").json()
    studio.call("generateQrCode", logo_image_id=logo["id"]).raise_for_status()
    (name,) = studio.files()
    with studio.stack.client("service") as service:
        body = {"prefixes": [name]}
        service.request("DELETE", "/storage/v1/object/project-media", json=body).raise_for_status()
    other = rival.call("generateQrCode").json()
    for each in (studio, rival):
        renamed = {"username": f"n{each.user.id.hex[:12]}"}
        each.http.patch(f"/rest/v1/users?id=eq.{each.user.id}", json=renamed).raise_for_status()
        each.sql("update private.qr_codes set updated_at = now() - interval '1 day' where user_id = %s", each.user.id)
    studio.sweep()
    assert read(other["png_url"]) == f"{studio.stack.site_url}/n{rival.user.id.hex[:12]}"
