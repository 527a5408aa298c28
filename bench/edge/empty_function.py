"""What functions-framework costs by itself."""

from starlette.requests import Request
from starlette.responses import Response


async def empty(_: Request) -> Response:
    return Response()
