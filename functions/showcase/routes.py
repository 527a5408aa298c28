"""Which module answers which path. A module is imported only when its entry point is the one that is wanted."""

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from showcase import core, http
from showcase.endpoint import Endpoint, Handler, serve
from showcase.errors import NotFound

# Path below /functions/v1/ -> where its `Endpoint` is. The Python entry point is the path in snake_case.
ENDPOINTS: Mapping[str, str] = {
    "getSocialMetrics": "showcase.metrics.handlers:get_social_metrics",
    "refreshSocialMetrics": "showcase.metrics.handlers:refresh_social_metrics",
    "metricsCard": "showcase.metrics.card_handlers:metrics_card",
    "health": "showcase.health:health",
}


def entry_point_name(path: str) -> str:
    """`getSocialMetrics` -> `get_social_metrics`, `webhooks/stripe` -> `webhooks_stripe`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", path).replace("/", "_").lower()


def find_endpoint(path: str) -> Endpoint[Any, Any]:
    """Imports the endpoint behind a path of `ENDPOINTS`."""
    module, _, attribute = ENDPOINTS[path].partition(":")
    endpoint: Endpoint[Any, Any] = getattr(import_module(module), attribute)
    return endpoint


def entry_point(name: str) -> Handler:
    """The handler for one function, or for `all_functions` together.

    Raises:
        AttributeError: there is no such entry point.
        SettingsError: naming every environment variable that is missing or malformed.
    """
    if name == "all_functions":
        return _all_functions()
    for path in ENDPOINTS:
        if entry_point_name(path) == name:
            return serve(find_endpoint(path), core.connect())
    raise AttributeError(name)


def _all_functions() -> Handler:
    shared = core.connect()
    handlers: dict[str, Handler] = {}

    async def all_functions(request: Request) -> Response:
        path = request.url.path.removeprefix("/functions/v1").strip("/")
        if path not in ENDPOINTS:
            return http.problem(NotFound("There is no function of that name."), http.request_id(request))
        if path not in handlers:
            handlers[path] = serve(find_endpoint(path), shared)
        return await handlers[path](request)

    return all_functions
