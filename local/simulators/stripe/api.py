"""Stripe's HTTP side: keys, versions, idempotency, faults, and answers in the caller's version."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from local.simulators.behaviours import EVERYTHING
from local.simulators.faults import Dropped, Fault, Malformed, cut_off, fault_response, wait
from local.simulators.simulator import Answer, Call, Simulator, bearer
from local.simulators.stripe import errors
from local.simulators.stripe.behaviours import ApiError, InvalidKey, LostAnswer, RateLimited
from local.simulators.stripe.context import Context
from local.simulators.stripe.errors import StripeError
from local.simulators.stripe.expansion import expand
from local.simulators.stripe.forms import nest, parse_form
from local.simulators.stripe.idempotency import Turn
from local.simulators.stripe.operations import OPERATIONS
from local.simulators.stripe.operations.base import Listing, Operation, page
from local.simulators.stripe.parameters import Params, read
from local.simulators.stripe.shapes import in_version, present
from local.simulators.stripe.state import Answered, Object, new_id
from local.simulators.stripe.tags import tags_in

_VERSION = re.compile(r"20\d\d-\d\d-\d\d(\.[a-z_]+)?")


def api_key(request: Request) -> str | None:
    """As a bearer token, or as the user name of Basic authentication."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return bearer(request)
    try:
        return base64.b64decode(credential).decode().partition(":")[0] or None
    except ValueError:
        return None


class Api:
    def __init__(self, simulator: Simulator, context: Context) -> None:
        self._rules = simulator.rules
        self._context = context
        self._in_progress: set[str] = set()

    def routes(self) -> list[tuple[str, str, Answer]]:
        return [(operation.method, operation.path, self._answering(operation)) for operation in OPERATIONS]

    async def elsewhere(self, call: Call) -> Response:
        return _error(errors.unrecognized(call.request.method, call.request.url.path), {})

    def _answering(self, operation: Operation) -> Answer:
        async def answer(call: Call) -> Response:
            headers = {"Request-Id": new_id("req", 14)}
            try:
                return await self._checked(operation, call, headers)
            except StripeError as error:
                return _error(error, headers)

        return answer

    async def _checked(self, operation: Operation, call: Call, headers: dict[str, str]) -> Response:
        if call.credential is None:
            raise errors.no_key()
        if not self._context.settings.takes(call.credential):
            raise errors.bad_key(call.credential)
        context = self._context.of_key(call.credential)
        if operation.name.startswith("accounts.") and call.credential.startswith("rk_"):
            raise errors.not_permitted(call.credential, context.settings.account)
        headers["Stripe-Version"] = self._version(call.request)
        raw = _parameters(call)
        identity = str(call.request.path_params.get("id", ""))
        subjects = [f"{tag}/{operation.name}" for tag in tags_in(context.state, identity or None, raw)]
        call.names(subjects or [f"{EVERYTHING}/{operation.name}"])
        asked = [*subjects, f"{EVERYTHING}/{operation.name}", *([call.credential_key] if call.credential_key else [])]
        key = call.request.headers.get("idempotency-key") if operation.method == "POST" else None
        with Turn(self._in_progress, key and f"{call.credential_key} {key}"):
            await wait(self._rules, asked, 1)
            fault = self._rules.match(asked, Fault)
            if fault and not isinstance(fault, ApiError):
                return _fault(fault, call.credential, headers)
            response = self._once(context, operation, call, raw, identity, headers, key, broken=fault is not None)
        if self._rules.match(asked, LostAnswer):
            return fault_response(Dropped()) or response
        return cut_off(response) if self._rules.match(asked, Malformed) else response

    def _once(
        self,
        context: Context,
        operation: Operation,
        call: Call,
        raw: Mapping[str, Any],
        identity: str,
        headers: dict[str, str],
        key: str | None,
        *,
        broken: bool,
    ) -> Response:
        """The same key is answered the same, whatever the answer was: an error of Stripe's own, too."""
        params = read(operation.params, raw)

        def run() -> Response:
            if broken:
                return _error(errors.broken(), headers)
            return self._run(context, operation, call, params, identity, headers)

        if key is None:
            return run()
        answered = context.state.answered
        place = f"{call.credential_key} {key}"
        asked = json.dumps([operation.method, call.request.url.path, raw], sort_keys=True)
        fingerprint = hashlib.sha256(asked.encode()).hexdigest()
        headers["Idempotency-Key"] = key
        if place not in answered:
            response = run()
            body = bytes(response.body).decode()
            answered[place] = Answered(fingerprint, response.status_code, body, headers["Request-Id"])
            return response
        kept = answered[place]
        if kept.fingerprint != fingerprint:
            raise errors.other_parameters(key)
        replayed = {"Idempotent-Replayed": "true", "Original-Request": kept.request_id}
        return Response(kept.body, kept.status, {**headers, **replayed}, "application/json")

    def _run(
        self,
        context: Context,
        operation: Operation,
        call: Call,
        params: Params,
        identity: str,
        headers: Mapping[str, str],
    ) -> Response:
        if not context.settings.public_url:
            context.public_url = str(call.request.base_url).rstrip("/")
        writes = operation.method != "GET"
        context.dirty = context.dirty or writes
        key = call.request.headers.get("idempotency-key")
        context.origin = {"id": headers["Request-Id"], "idempotency_key": key} if writes else None
        try:
            found = operation.run(context, params, identity)
            shown = self._shown(context, found, params, call.request.url.path, operation, headers["Stripe-Version"])
            return _json(shown, 200, headers)
        except StripeError as error:
            if identity and self._context.has_in_other_mode(identity, context):
                error = errors.in_other_mode(error, live_key=context.settings.livemode)
            return _error(error, headers)
        finally:
            context.origin = None

    def _shown(
        self, context: Context, found: Object | Listing, params: Any, path: str, operation: Operation, version: str
    ) -> Object:
        state = context.state

        def show(obj: Object) -> Object:
            # Events are written down in the version of the account, and stay so.
            shown = present(state, obj)
            if obj["object"] == "event":
                shown["data"]["object"] = in_version(shown["data"]["object"], obj["api_version"], state)
            return in_version(shown, version, state)

        if isinstance(found, Listing):
            kind = operation.name.split(".")[-2].removesuffix("s")
            objects, shown = page(found, params, path, kind)
            shown["data"] = [show(obj) for obj in objects]
        else:
            shown = show(found)
        expand(state, shown, getattr(params, "expand", []), show)
        return shown

    def _version(self, request: Request) -> str:
        asked = request.headers.get("stripe-version")
        if asked and not _VERSION.fullmatch(asked):
            raise errors.invalid(f"Invalid Stripe API version: {asked}")
        return asked or self._context.settings.api_version


def _parameters(call: Call) -> dict[str, Any]:
    """Of the address, and of the form in the body."""
    raw = nest(call.request.query_params.multi_items())
    if not call.body:
        return raw
    media_type = call.request.headers.get("content-type", "").partition(";")[0].strip()
    if media_type != "application/x-www-form-urlencoded":
        raise errors.invalid(
            "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any "
            "questions, we can help at https://support.stripe.com/."
        )
    return raw | parse_form(call.body.decode("utf-8", "replace"))


def _fault(fault: Fault, key: str, headers: Mapping[str, str]) -> Response:
    match fault:
        case RateLimited():
            after = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return _error(errors.rate_limited(), {**headers, **after})
        case InvalidKey():
            return _error(errors.bad_key(key), headers)
        case _:
            return fault_response(fault) or _error(errors.broken(), headers)


def _error(error: StripeError, headers: Mapping[str, str]) -> Response:
    request_id = headers.get("Request-Id")
    logged = {"request_log_url": f"https://dashboard.stripe.com/test/logs/{request_id}"} if request_id else {}
    return _json({"error": error.error | logged}, error.status, headers)


def _json(body: Object, status: int, headers: Mapping[str, str]) -> Response:
    return Response(json.dumps(body, indent=2, ensure_ascii=False), status, dict(headers), "application/json")
