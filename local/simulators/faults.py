"""What can go wrong between any client and any server, whichever vendor it is."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from local.simulators.behaviours import Behaviour, FaultRules

_GATEWAY_PAGE = (
    "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


class Delay(Behaviour):
    """Answers after a while."""

    kind: Literal["delay"] = "delay"
    seconds: float = Field(gt=0, le=600)


class Fault(Behaviour):
    """Answers instead of the vendor."""


class BadGateway(Fault):
    """502 with the HTML page of a proxy."""

    kind: Literal["bad_gateway"] = "bad_gateway"


class GatewayTimeout(Fault):
    """504 with the HTML page of a proxy."""

    kind: Literal["gateway_timeout"] = "gateway_timeout"


class Dropped(Fault):
    """Closes the connection after the headers, before the body."""

    kind: Literal["dropped"] = "dropped"


class WrongShape(Fault):
    """200 with well-formed JSON that is not the vendor's shape."""

    kind: Literal["wrong_shape"] = "wrong_shape"
    body: Any = Field(default=["unexpected"], description="what to answer")


class Malformed(Behaviour):
    """The vendor's answer, cut off in the middle."""

    kind: Literal["malformed"] = "malformed"


class _DroppedResponse(Response):
    """Promises a body and never sends it; the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


async def wait(rules: FaultRules[Any], subjects: Sequence[str], named: int) -> None:
    delay = rules.match(subjects, Delay, named)
    if delay:
        await asyncio.sleep(delay.seconds)


def fault_response(fault: Fault) -> Response | None:
    """The answer to a fault that is the same for every vendor; None for a vendor's own."""
    match fault:
        case BadGateway():
            return HTMLResponse(_GATEWAY_PAGE.format(title="502 Bad Gateway"), 502)
        case GatewayTimeout():
            return HTMLResponse(_GATEWAY_PAGE.format(title="504 Gateway Time-out"), 504)
        case Dropped():
            return _DroppedResponse()
        case WrongShape():
            return JSONResponse(fault.body)
        case _:
            return None


def cut_off(response: Response) -> Response:
    """The same answer with the second half of its body missing."""
    body = bytes(response.body)[: len(bytes(response.body)) // 2]
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Response(body, response.status_code, headers)
