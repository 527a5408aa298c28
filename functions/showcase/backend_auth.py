"""The gate before the functions: where secrets are set, only the forwarders (supabase/functions) come through."""

import hmac

from starlette.requests import Request
from starlette.responses import Response

from showcase import http
from showcase.endpoint import Handler
from showcase.errors import Forbidden
from showcase.observability.telemetry import log
from showcase.settings import CoreSettings

HEADER = "x-functions-backend-secret"


def require_backend_secret(handler: Handler, settings: CoreSettings) -> Handler:
    """`handler` for those who show one of the secrets; 403 `not_from_gateway` for others, whatever they ask for."""
    secrets = settings.backend_secrets
    if not secrets:
        return handler

    async def gated(request: Request) -> Response:
        shown = request.headers.get(HEADER, "").encode()
        if not any(hmac.compare_digest(shown, secret.encode()) for secret in secrets):
            refusal = Forbidden("Call this function at its address under /functions/v1/.", code="not_from_gateway")
            request_id = http.request_id(request.headers)
            log.warning("%s 403", refusal.code, extra={"fields": {"request_id": request_id}})
            return http.refuse(refusal, request_id)
        return await handler(request)

    return gated
