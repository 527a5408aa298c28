"""Attempts to be somebody else: forged tokens and the wrong keys."""

import base64
import json
import time
from typing import Any

import jwt
import pytest

from tests.access.world import Row, World
from tests.support import plain_http

SECRET = "a secret of sufficient length that is not the project's"


def claims(world: World, role: str) -> dict[str, Any]:
    now = int(time.time())
    user = {"iss": f"{world.stack.url}/auth/v1", "sub": str(world.owner.id), "aud": "authenticated"}
    return user | {"role": role, "iat": now, "exp": now + 3600}


def unsigned(world: World, role: str, algorithm: str, signature: str = "") -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims(world, role))}.{signature}"


def with_other_claims(world: World) -> str:
    """A good token whose middle says something else."""
    head, _, signature = world.other.token.split(".")
    return f"{head}.{unsigned(world, 'service_role', 'HS256').split('.')[1]}.{signature}"


def forged(world: World, role: str) -> dict[str, str]:
    stack, reported = world.stack, claims(world, role)
    return {
        "alg none": unsigned(world, role, "none"),
        "alg NoNe": unsigned(world, role, "NoNe"),
        "alg none, signed": unsigned(world, role, "none", world.owner.token.rpartition(".")[2]),
        "no signature": unsigned(world, role, "HS256"),
        "another secret": jwt.encode(reported, SECRET),
        "another algorithm": jwt.encode(reported, SECRET * 2, "HS512"),
        "signed with the publishable key": jwt.encode(reported, stack.publishable_key),
        "names its own key": jwt.encode(reported, SECRET, headers={"kid": "mine", "jku": "https://example.com/jwks"}),
        "other claims": with_other_claims(world),
        "unknown extension": jwt.encode(reported, stack.jwt_secret, headers={"crit": ["exp"], "exp": True}),
        "not yet": jwt.encode(reported | {"nbf": reported["exp"]}, stack.jwt_secret),
        "over": jwt.encode(reported | {"iat": reported["iat"] - 7200, "exp": reported["iat"] - 60}, stack.jwt_secret),
    }


FAULTS = [
    *("alg none", "alg NoNe", "alg none, signed", "no signature", "another secret", "another algorithm"),
    *("signed with the publishable key", "names its own key", "other claims", "unknown extension", "not yet", "over"),
]


def test_every_forgery_is_tried(world: World) -> None:
    assert list(forged(world, "authenticated")) == FAULTS


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("role", ["authenticated", "service_role"])
def test_send_a_forged_token(world: World, role: str, fault: str) -> None:
    """Nobody is served by it, and nothing is done."""
    token = forged(world, role)[fault]
    project = world.project("draft")
    before = world.everything()
    url = world.stack.url
    for key in (world.stack.publishable_key, token):
        headers = {"apikey": key, "Authorization": f"Bearer {token}"}
        with plain_http.Client(base_url=url, headers=headers, timeout=30) as client:
            answers = [
                client.get("/rest/v1/users", params={"select": "email"}),
                client.get("/rest/v1/projects", params={"id": f"eq.{project}"}),
                client.patch("/rest/v1/users", params={"id": f"eq.{world.owner.id}"}, json={"tier": "paid"}),
                client.delete("/rest/v1/projects", params={"id": f"eq.{project}"}),
                client.post("/rest/v1/rpc/count_due_metric_sources", json={}),
                client.post("/functions/v1/getSocialMetrics", json={"project_id": project}),
                client.get("/auth/v1/user"),
            ]
            assert [answer.status_code for answer in answers if answer.status_code not in {401, 403}] == []
            stored = client.post("/storage/v1/object/list/ai-assets", json={"prefix": str(world.owner.id)})
            upload = client.post(
                f"/storage/v1/object/ai-assets/{world.owner.id}/forged.png",
                content=b"x",
                headers={"content-type": "image/png"},
            )
            assert stored.is_client_error
            assert upload.is_client_error
    assert world.everything() == before
    objects = world.database.execute("select from storage.objects where name like '%forged.png'")
    assert objects.rowcount == 0


@pytest.mark.parametrize(
    "way", ["both", "key alone", "in the address", "beside a made-up secret key", "roles by header"]
)
def test_use_the_publishable_key_as_service(world: World, way: str) -> None:
    key = world.stack.publishable_key
    headers, query = {
        "both": ({"apikey": key, "Authorization": f"Bearer {key}"}, {}),
        "key alone": ({"apikey": key}, {}),
        "in the address": ({}, {"apikey": key}),
        "beside a made-up secret key": ({"apikey": key, "Authorization": f"Bearer sb_secret_{key[15:]}"}, {}),
        "roles by header": ({"apikey": key, "role": "service_role", "x-role": "service_role"}, {}),
    }[way]
    owner = Row("private.users", {"id": str(world.owner.id)}, {})
    before = world.everything()
    with plain_http.Client(base_url=world.stack.url, headers=headers, params=query, timeout=30) as client:
        seen = client.get("/rest/v1/users", params={"select": "email"} | query)
        assert world.owner.email not in seen.text
        params = owner.filter | query
        assert client.patch("/rest/v1/users", params=params, json={"tier": "paid"}).status_code == 401
        assert client.post("/rest/v1/rpc/count_due_metric_sources", params=query, json={}).status_code == 401
        assert client.post("/storage/v1/bucket", params=query, json={"id": "mine", "name": "mine"}).is_client_error
    assert world.everything() == before
    assert world.database.execute("select from storage.buckets where id = 'mine'").rowcount == 0
