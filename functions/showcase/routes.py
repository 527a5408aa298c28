"""Which module answers which path. A module is imported only when its entry point is the one that is wanted."""

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from showcase import core, http
from showcase.backend_auth import require_backend_secret
from showcase.endpoint import Endpoint, Handler, serve
from showcase.errors import NotFound, ServiceUnavailable
from showcase.observability.telemetry import report
from showcase.settings import SettingsError

# Path below /functions/v1/ -> where its `Endpoint` is. The Python entry point is the path in snake_case.
ENDPOINTS: Mapping[str, str] = {
    "getSocialMetrics": "showcase.metrics.handlers:get_social_metrics",
    "refreshSocialMetrics": "showcase.metrics.handlers:refresh_social_metrics",
    "metricsCard": "showcase.metrics.card_handlers:metrics_card",
    "webhooks/stripe": "showcase.billing.handlers:stripe_webhook",
    "createCheckoutSession": "showcase.billing.handlers:create_checkout_session",
    "createPortalSession": "showcase.billing.handlers:create_portal_session",
    "reconcileSubscriptions": "showcase.billing.handlers:reconcile_subscriptions",
    "closeBillingAccount": "showcase.billing.handlers:close_billing_account",
    "sendNotification": "showcase.notifications.handlers:send_notification",
    "dispatchNotifications": "showcase.notifications.handlers:dispatch_notifications",
    "queueWeeklyMetrics": "showcase.notifications.handlers:queue_weekly_metrics",
    "unsubscribe": "showcase.notifications.unsubscribe_handlers:unsubscribe",
    "webhooks/sendgrid": "showcase.notifications.webhook_handlers:webhooks_sendgrid",
    "aiDesignAssistant": "showcase.design.handlers:ai_design_assistant",
    "createUploadUrl": "showcase.media.handlers:create_upload_url",
    "confirmUpload": "showcase.media.confirm_handlers:confirm_upload",
    "getUpload": "showcase.media.confirm_handlers:get_upload",
    "sweepMedia": "showcase.media.handlers:sweep_media",
    "generateQrCode": "showcase.media.qr_handlers:generate_qr_code",
    "exportAccount": "showcase.account.export_handlers:export_account",
    "getAccountExport": "showcase.account.export_handlers:get_account_export",
    "continueAccountExports": "showcase.account.export_handlers:continue_account_exports",
    "deleteAccount": "showcase.account.handlers:delete_account",
    "getAccountDeletion": "showcase.account.handlers:get_account_deletion",
    "cancelAccountDeletion": "showcase.account.handlers:cancel_account_deletion",
    "continueAccountDeletions": "showcase.account.handlers:continue_account_deletions",
    "health": "showcase.health:health",
    "watchSystem": "showcase.system:watch_system",
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
    path = next((path for path in ENDPOINTS if entry_point_name(path) == name), None)
    if path is None and name != "all_functions":
        raise AttributeError(name)
    shared = core.connect_core()
    handler = serve(find_endpoint(path), shared) if path else _all_functions(shared)
    return require_backend_secret(handler, shared.settings)


def _all_functions(shared: core.Core) -> Handler:
    handlers: dict[str, Handler] = {}

    async def all_functions(request: Request) -> Response:
        path = request.url.path.removeprefix("/functions/v1").strip("/")
        if path not in ENDPOINTS:
            return http.refuse(NotFound("There is no function of that name."), http.request_id(request.headers))
        if path not in handlers:
            try:
                handlers[path] = serve(find_endpoint(path), shared)
            except SettingsError as error:  # of this function's capability: the others go on
                report(error)
                missing = ServiceUnavailable("This function is not configured here.", code="not_configured")
                return http.refuse(missing, http.request_id(request.headers))
        return await handlers[path](request)

    return all_functions
