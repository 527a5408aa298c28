"""What a browser meets of the local stack beside the site: its pages, and Storage."""

import io
from fractions import Fraction

import av
from PIL import Image

from tests.support.sign_in import register
from tests.support.stack import Stack
from tests.web.conftest import Browse, needs_browser

pytestmark = needs_browser

MIB = 1024 * 1024
FRAMES = 12  # a second
WIDTHS = [390, 1200, 1920]


def test_every_page_of_the_local_stack_fits_its_window(site: Stack, browse: Browse) -> None:
    register(site, email="long@example.com", name="Long Name " * 30)
    chooser = f"{site.identity_url}/authorize?redirect_uri={site.url}/auth/v1/callback&client_id=x&response_type=code"
    pages = {"chooser": chooser, **{name: f"{url}/_simulator" for name, url in site.simulators.items()}}
    pages["dashboard"] = f"{site.simulators['stripe']}/_simulator/dashboard"
    pages["inbox"] = f"{site.simulators['sendgrid']}/_simulator/inbox"
    answer = browse("local_pages.mjs", pages=pages, widths=WIDTHS)
    assert answer["complaints"] == []
    assert len(answer["seen"]) == len(pages) * len(WIDTHS)
    for page in answer["seen"]:
        assert (page["status"], page["overflow"]) == (200, 0), page
        assert page["shown"] >= 3, page


def noise() -> bytes:
    """Ten seconds of WebM, large enough that no browser fetches it whole before it is asked to."""
    target = io.BytesIO()
    with av.open(target, "w", format="webm") as container:
        fast = {"deadline": "realtime", "cpu-used": "8", "b": "20M"}
        stream = container.add_stream("libvpx", rate=FRAMES, options=fast)
        stream.width, stream.height = 320, 240
        pictures = [Image.effect_noise((320, 240), 90).convert("RGB") for _ in range(FRAMES)]
        frames = [av.VideoFrame.from_image(picture) for picture in pictures]  # type: ignore[no-untyped-call]
        second = [bytes(packet) for frame in [*frames, None] for packet in stream.encode(frame)]
        for number, coded in enumerate(second * 10):  # encoding takes longest: each second is the same
            packet = av.Packet(coded)
            packet.stream, packet.time_base = stream, Fraction(1, FRAMES)
            packet.pts = packet.dts = number
            packet.is_keyframe = number % FRAMES == 0
            container.mux(packet)
    return target.getvalue()


def test_a_video_is_sought_in_and_50_mib_are_sent_resumably(site: Stack, browse: Browse) -> None:
    user = site.person()
    with site.client(user) as client, site.client("service") as service:
        own = client.post("/rest/v1/projects", json={"title": "Film"}, headers={"prefer": "return=representation"})
        project = own.json()[0]["id"]

        def announce(size: int, content_type: str) -> dict[str, str]:
            wanted = {"project_id": project, "content_type": content_type, "size": size}
            answer = client.post("/functions/v1/createUploadUrl", json=wanted)
            assert answer.is_success, answer.text
            announced: dict[str, str] = answer.json()
            return announced

        video = f"/storage/v1/object/project-media/{user.id}/{project}/noise.webm"
        film = noise()
        stored = service.post(video, content=film, headers={"content-type": "video/webm"})
        assert stored.is_success, stored.text
        upload = announce(50 * MIB, "video/mp4")
        wanted = {key: upload[key] for key in ("token", "bucket", "path")}
        wanted |= {"endpoint": f"{site.url}/storage/v1/upload/resumable/sign", "type": "video/mp4"}
        seen = browse(
            "storage.mjs",
            video=f"{site.url}{video.replace('/object/', '/object/public/')}",
            upload={**wanted, "size": 50 * MIB},
        )
        info = service.get(f"/storage/v1/object/info/{upload['bucket']}/{upload['path']}").json()
    assert seen["complaints"] == []
    assert seen["sought"]["time"] > seen["sought"]["duration"] - 1
    assert seen["sought"]["ready"] >= 2
    assert {status for _, status in seen["answers"]} == {206}
    starts = [int(span.removeprefix("bytes=").split("-")[0]) for span, _ in seen["answers"]]
    assert max(starts) > len(film) // 2
    assert seen["sent"]["pieces"] >= 9
    assert info["size"] == 50 * MIB
