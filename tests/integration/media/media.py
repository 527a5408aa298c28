"""A user with projects who uploads, as a client app does."""

import time
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support import plain_http
from tests.support.database import kept_connection
from tests.support.stack import Stack
from tests.support.users import User


@dataclass(frozen=True)
class Studio:
    stack: Stack
    user: User
    http: httpx.Client

    def project(self, status: str = "published") -> str:
        body = {"title": "A project", "status": status}
        answer = self.http.post("/rest/v1/projects", json=body, headers={"Prefer": "return=representation"})
        return str(answer.raise_for_status().json()[0]["id"])

    def call(self, function: str, **body: Any) -> httpx.Response:
        return self.http.post(f"/functions/v1/{function}", json=body)

    def announce(self, project: str, content: bytes, content_type: str = "image/png") -> dict[str, Any]:
        answer = self.call("createUploadUrl", project_id=project, content_type=content_type, size=len(content) or 1)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def send(self, announced: dict[str, Any], content: bytes, content_type: str = "image/png") -> httpx.Response:
        return plain_http.put(announced["upload_url"], content=content, headers={"Content-Type": content_type})

    def upload(self, project: str, content: bytes, content_type: str = "image/png") -> httpx.Response:
        """Announces, sends and confirms."""
        announced = self.announce(project, content, content_type)
        sent = self.send(announced, content, content_type)
        assert sent.is_success, sent.text
        return self.call("confirmUpload", upload_id=announced["upload_id"])

    def store(self, bucket: str, name: str, content: bytes) -> None:
        """As a handler, past every check."""
        with self.stack.client("service") as service:
            headers = {"Content-Type": "image/png"}
            service.post(f"/storage/v1/object/{bucket}/{name}", content=content, headers=headers).raise_for_status()

    def rows(self, project: str, kind: str = "image") -> list[dict[str, Any]]:
        address = f"/rest/v1/project_{kind}s?project_id=eq.{project}&order=position"
        found: list[dict[str, Any]] = self.http.get(address).raise_for_status().json()
        return found

    def files(self, bucket: str = "project-media") -> list[str]:
        """The names of this user's files, as Storage's own table has them."""
        query = "select name from storage.objects where bucket_id = %s and starts_with(name, %s) order by name"
        return [row["name"] for row in self.sql(query, bucket, str(self.user.id))]

    def sql(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        with kept_connection(self.stack.database_url) as connection:
            cursor = connection.execute(query.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def sweep(self, **body: Any) -> dict[str, Any]:
        with self.stack.client("service") as service:
            answer = service.post("/functions/v1/sweepMedia", json=body)
        assert answer.status_code == 200, answer.text
        swept: dict[str, Any] = answer.json()
        return swept

    def sweep_until_gone(self, bucket: str, name: str) -> None:
        """Runs of other tests may hold the file: they remove it too."""
        for _ in range(20):
            self.sweep()
            if name not in self.files(bucket):
                return
        raise AssertionError(f"{name} is still there")

    def progress(self, upload_id: str) -> dict[str, Any]:
        """What getUpload answers, once the upload is over."""
        deadline = time.monotonic() + 60
        while True:
            answer = self.http.get("/functions/v1/getUpload", params={"upload_id": upload_id})
            assert answer.status_code == 200, answer.text
            body: dict[str, Any] = answer.json()
            if body["status"] not in {"pending", "checking"}:
                return body
            assert time.monotonic() < deadline, body
            time.sleep(0.1)
