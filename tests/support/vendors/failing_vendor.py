"""Another company that fails in every way, and says in each answer what should never be reported on."""

from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


@dataclass
class FailingVendor:
    """`mode` is the status of all answers, or `garbage` or bytes: a 200 that is not what was asked for."""

    words: str
    mode: int | str | bytes = 200
    location: str = ""  # where a redirect points to
    asked: list[dict[str, str]] = field(default_factory=list)  # the headers of each request

    async def answer(self, request: Request) -> Response:
        self.asked.append(dict(request.headers))
        said = f"{self.words} {request.headers.get('authorization', '')} {request.url}"
        if isinstance(self.mode, bytes):
            return Response(self.mode, media_type="application/json")
        if self.mode == "garbage":
            return Response(
                f'[{{"id": "{self.words}", "{self.words}": ["{self.words}"]}}]', media_type="application/json"
            )
        body = {
            "error": {"message": said, "type": "api_error", "param": self.words, "body": said},
            "errors": [{"message": said, "field": self.words}],
            "message": said,
            "details": said,
            "hint": said,
        }
        headers = {"X-Said": self.words, "Request-Id": "req_hostile"}
        if self.location:
            headers["Location"] = self.location
        return JSONResponse(body, int(self.mode), headers=headers)

    def app(self) -> Starlette:
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
        return Starlette(routes=[Route("/{path:path}", self.answer, methods=methods)])
