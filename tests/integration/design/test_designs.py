"""aiDesignAssistant against OpenAI's simulator: what users get."""

import uuid
from typing import Any

import pytest
from showcase.design.page.blocks import block_list_adapter

from tests.support import plain_http
from tests.support.node import run_script
from tests.support.users import User
from tests.support.vendors.openai import Designer, identifier

SEEDED = {
    "00000000-0000-4000-8000-000000000101": (1, "ada"),
    "00000000-0000-4000-8000-000000000102": (1, "ada"),
    "00000000-0000-4000-8000-000000000201": (2, "grace"),
}
TEMPLATE = "00000000-0000-4000-8000-000000000601"  # hero, text, links


@pytest.fixture(autouse=True)
def unspent(designer: Designer) -> None:
    """The users of the demo rows design in several tests."""
    designer.rows("update private.design_usage set used = 0, attempts = 0 returning used")


def blocks_of(events: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    kinds = [kind for kind, _ in events]
    assert kinds == ["block"] * (len(kinds) - 2) + ["usage", "done"]
    assert [data["index"] for kind, data in events if kind == "block"] == list(range(len(kinds) - 2))
    return [data["block"] for kind, data in events if kind == "block"]


@pytest.mark.parametrize("streamed", [False, True], ids=["json", "streamed"])
@pytest.mark.parametrize("template", [None, TEMPLATE], ids=["no template", "template"])
@pytest.mark.parametrize("project", SEEDED)
def test_each_seeded_project_has_a_design(
    designer: Designer, project: str, template: str | None, streamed: bool
) -> None:
    user = designer.seeded(*SEEDED[project])
    body = {"project_id": project, **({"template_id": template} if template else {})}
    if streamed:
        events = designer.stream(user, **body)
        blocks, session_id = blocks_of(events), events[-1][1]["session_id"]
    else:
        answer = designer.ask(user, **body)
        assert answer.status_code == 200, answer.text
        blocks, session_id = answer.json()["blocks"], answer.json()["session_id"]
    block_list_adapter.validate_python(blocks)
    assert blocks[0]["type"] == "hero"
    if template:
        assert {block["type"] for block in blocks} <= {"hero", "text", "links"}
    session = next(row for row in designer.sessions(user) if str(row["id"]) == session_id)
    assert session["output_json"] == {"blocks": blocks}, "what is stored is what was sent"
    assert (session["status"], str(session["project_id"]), session["model"]) == ("done", project, "gpt-4.1")
    assert session["input_json"] == body
    assert min(session["input_tokens"], session["output_tokens"], session["latency_ms"]) > 0


def test_what_was_used_is_told(designer: Designer, ada: User) -> None:
    answer = designer.ask(ada, project_id=designer.project(ada))
    assert answer.headers["cache-control"] == "no-store"
    assert (answer.headers["ratelimit-limit"], answer.headers["ratelimit-remaining"]) == ("50", "49")
    assert 0 < int(answer.headers["ratelimit-reset"]) <= 86_400
    usage = answer.json()["usage"]
    [session] = designer.sessions(ada)
    assert usage == {name: session[name] for name in ("model", "input_tokens", "output_tokens", "latency_ms")}
    assert {"db", "openai", "total"} <= {part.partition(";")[0] for part in answer.headers["server-timing"].split(", ")}


def test_content_may_come_along_and_a_layout_may_be_stored(designer: Designer, ada: User) -> None:
    content = {
        "title": "A brochure",
        "description": "Of something that is no project yet.",
        "links": [{"label": "Site", "url": "https://brochure.example.com"}],
        "images": ["https://images.example.com/1.png", "https://images.example.com/2.png"],
    }
    answer = designer.ask(ada, content=content, saveAsLayout=True)
    assert answer.status_code == 200, answer.text
    [layout] = designer.rows("select * from layouts where user_id = %s", ada.id)
    assert str(layout["id"]) == answer.json()["layout_id"]
    assert layout["blocks_json"] == answer.json()["blocks"]
    assert (layout["name"], layout["project_id"], layout["published"]) == ("A brochure", None, False)
    assert {block["type"] for block in layout["blocks_json"]} >= {"hero", "gallery", "links"}


def test_a_layout_of_a_project_made_from_a_template(designer: Designer, ada: User) -> None:
    project = designer.project(ada)
    done = designer.stream(ada, project_id=project, template_id=TEMPLATE, saveAsLayout=True, layout_name="Plain")[-1][1]
    with designer.stack.client(ada) as client:
        [layout] = client.get("/rest/v1/layouts", params={"id": f"eq.{done['layout_id']}"}).json()
    assert (layout["name"], layout["project_id"], layout["template_id"]) == ("Plain", project, TEMPLATE)


def test_a_design_is_refined(designer: Designer, ada: User) -> None:
    first = designer.ask(ada, project_id=designer.project(ada)).json()
    style = {"notes": "make it darker"}
    second = designer.ask(ada, session_id=first["session_id"], style=style)
    assert second.status_code == 200, second.text
    assert [block["type"] for block in second.json()["blocks"]] == [block["type"] for block in first["blocks"]]
    before, after = (page["blocks"][0]["props"]["colors"]["background"] for page in (first, second.json()))
    assert (before, after) == ("#ffffff", "#101418")
    assert len({row["project_id"] for row in designer.sessions(ada)}) == 1
    third = designer.ask(ada, session_id=second.json()["session_id"], style={"palette": ["#FFEEDD", "#FFEECC"]})
    assert third.json()["blocks"][0]["props"]["colors"]["background"] == "#ffeedd"
    assert third.json()["blocks"][0]["props"]["colors"]["text"] != "#ffeecc", "nobody could read that"


def test_a_hero_gets_its_picture(designer: Designer, ada: User) -> None:
    first = designer.ask(ada, project_id=designer.project(ada), generate_image=True)
    assert first.status_code == 200, first.text
    image = first.json()["blocks"][0]["props"]["image"]
    [name] = designer.files(ada)
    assert image["url"].startswith(f"/storage/v1/object/sign/ai-assets/{name}?token=")
    picture = plain_http.get(f"{designer.stack.url}{image['url']}")
    assert picture.status_code == 200
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")

    second = designer.stream(ada, session_id=first.json()["session_id"], style={"notes": "make it darker"})
    assert blocks_of(second)[0]["props"]["image"] == image, "a refined design keeps it"
    reported = designer.received(identifier(ada))[-1]["body"]
    assert "token=" not in reported, "its address is nobody else's business"
    assert len(designer.files(ada)) == 1
    assert [row["status"] for row in designer.sessions(ada)] == ["done", "done"]


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_a_streamed_design_waits_for_its_picture(designer: Designer, ada: User, kind: str) -> None:
    designer.behave(identifier(ada), {"kind": "image", "what": kind})
    events = designer.stream(ada, project_id=designer.project(ada), generate_image=True)
    [name] = designer.files(ada)
    assert name.endswith(kind)
    assert name in blocks_of(events)[0]["props"]["image"]["url"]


def test_blocks_come_before_the_end(designer: Designer, ada: User) -> None:
    designer.behave(identifier(ada), {"kind": "slow", "seconds": 0.02})
    url = f"{designer.functions_url}/functions/v1/aiDesignAssistant"
    headers = designer.headers(ada, accept="text/event-stream")
    body = {"project_id": designer.project(ada)}
    with plain_http.stream("POST", url, json=body, headers=headers, timeout=30) as response:
        chunks = response.iter_text()
        assert next(chunks).startswith("event: block")
        assert designer.sessions(ada)[0]["status"] == "running"
        assert "event: done" in "".join(chunks)
    assert designer.sessions(ada)[0]["status"] == "done"


def test_supabase_js_invokes_it(designer: Designer, ada: User) -> None:
    answer = run_script(
        "design.mjs",
        url=designer.stack.url,
        key=designer.stack.publishable_key,
        token=ada.token,
        body={"project_id": designer.project(ada)},
    )
    assert answer["json"]["error"] is None
    block_list_adapter.validate_python(answer["json"]["data"]["blocks"])
    assert blocks_of([(kind, data) for kind, data in answer["events"]]) == answer["json"]["data"]["blocks"]
    assert answer["refused"] == {"status": 404, "code": "project_not_found"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid_request"),
        ({"project_id": str(uuid.uuid4())}, 404, "project_not_found"),
        ({"session_id": str(uuid.uuid4())}, 404, "session_not_found"),
        ({"content": {"title": "T"}, "template_id": str(uuid.uuid4())}, 404, "template_not_found"),
        ({"project_id": "00000000-0000-4000-8000-000000000102"}, 404, "project_not_found"),  # a draft of Ada's
        ({"project_id": "00000000-0000-4000-8000-000000000101"}, 403, "not_the_owner"),
        ({"content": {"title": "T"}, "project_id": str(uuid.uuid4())}, 422, "invalid_request"),
        ({"content": {"title": "T", "images": ["javascript:alert(1)"]}}, 422, "invalid_request"),
        ({"content": {"title": "T"}, "system": "obey"}, 422, "invalid_request"),
        ({"content": {"title": "T"}, "style": {"tone": "rude"}}, 422, "invalid_request"),
    ],
)
def test_what_cannot_be_designed_costs_nothing(
    designer: Designer, ada: User, body: dict[str, Any], status: int, code: str
) -> None:
    answer = designer.ask(ada, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert designer.sessions(ada) == []
    assert designer.received(identifier(ada)) == []
    assert designer.used(ada) == 0


def test_anothers_session_is_not_there(designer: Designer, ada: User) -> None:
    session = designer.ask(ada, content={"title": "T"}).json()["session_id"]
    answer = designer.ask(designer.stack.make_user(), session_id=session)
    assert (answer.status_code, answer.json()["code"]) == (404, "session_not_found")


def test_only_users_may_ask(designer: Designer) -> None:
    with designer.stack.client() as visitor, designer.stack.client("service") as service:
        assert visitor.post("/functions/v1/aiDesignAssistant", json={"content": {"title": "T"}}).status_code == 401
        assert service.post("/functions/v1/aiDesignAssistant", json={"content": {"title": "T"}}).status_code == 403


def test_a_session_is_its_users_to_read_and_delete(designer: Designer, ada: User) -> None:
    session = designer.ask(ada, content={"title": "T"}).json()["session_id"]
    with designer.stack.client(ada) as mine, designer.stack.client(designer.stack.make_user()) as other:
        path = f"/rest/v1/ai_sessions?id=eq.{session}"
        assert other.get(path).json() == []
        assert mine.get(path).json()[0]["status"] == "done"
        mine.delete(path).raise_for_status()
        assert mine.get(path).json() == []
