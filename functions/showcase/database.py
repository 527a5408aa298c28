"""PostgREST, asked as a caller: row-level security decides what each one sees."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from pydantic import ValidationError

from showcase.auth import SERVICE, Caller, caller_headers
from showcase.errors import ApiError, Forbidden, SafeToLogError, ServiceUnavailable, Unauthorized, UnprocessableContent
from showcase.observability.telemetry import timed
from showcase.outbound.errors import TransportError
from showcase.outbound.http_client import HttpClient
from showcase.responses import HttpResponse, shape_of
from showcase.settings import CoreSettings

T = TypeVar("T")

# Every error of PostgREST's has its code: without one, or with a mere status, something in front of it has answered.
_BEFORE_POSTGREST = re.compile(r"([1-5]\d\d)?")


class PostgrestError(SafeToLogError):
    """What PostgREST, or something in front of it, answered: its status."""


@dataclass(frozen=True)
class Database:
    """The project's database, reached through PostgREST."""

    http: HttpClient
    settings: CoreSettings

    @overload
    async def rpc(self, name: str, parameters: Mapping[str, Any], shape: type[T], caller: Caller = SERVICE) -> T: ...

    @overload
    async def rpc(
        self, name: str, parameters: Mapping[str, Any], shape: object = None, caller: Caller = SERVICE
    ) -> Any: ...

    async def rpc(
        self, name: str, parameters: Mapping[str, Any], shape: object = None, caller: Caller = SERVICE
    ) -> Any:
        """Calls a database function, which returns JSON of that shape: a type that Pydantic reads; None for void.

        Raises:
            ApiError: what the database refused, or its absence, as a problem that the caller may see.
            ServiceUnavailable: no response, or one of another shape.
        """
        return checked(await self._send("POST", f"rpc/{name}", caller, json=parameters), shape)

    async def select(self, table: str, query: Mapping[str, str], shape: type[T], caller: Caller) -> T:
        """The rows that the caller can see, by PostgREST's query parameters, as a list type that Pydantic reads.

        Raises: ApiError, as `rpc` does.
        """
        rows: T = checked(await self._send("GET", table, caller, params=query), shape)
        return rows

    async def is_gone(self, caller: Caller) -> bool:
        """Whether the account of a user's token has been deleted; False where the database does not say.

        Costs one request to PostgREST, which reads a row by its primary key.
        """
        query = {"select": "id", "id": f"eq.{caller.user_id}"}
        try:
            return not await self.select("users", query, list[dict[str, Any]], caller)
        except ServiceUnavailable:
            return False

    async def _send(self, method: str, path: str, caller: Caller, **request: Any) -> Any:
        url = f"{self.settings.origin}/rest/v1/{path}"
        headers = caller_headers(caller, self.settings)
        try:
            with timed("db"):
                response = await self.http.request(method, url, headers=headers, **request)
        except TransportError as error:
            raise unavailable() from error
        if not response.is_success:
            raise refusal(_code(response)) from PostgrestError(f"status {response.status_code}")
        try:
            return response.json() if response.content else None
        except ValueError as error:
            raise unavailable() from error


def checked(value: object, shape: object) -> Any:
    """What PostgREST returned, as a type that Pydantic reads. Raises: ServiceUnavailable, where it is another."""
    try:
        return shape_of(shape).validate_python(value)
    except ValidationError as error:
        raise unavailable() from PostgrestError(f"unexpected response{_missing(error)}")


def _missing(error: ValidationError) -> str:
    """The members that are missing, as from a database older than the functions: names of ours, where Pydantic's text
    would quote the response."""
    names = {str(one["loc"][-1]) for one in error.errors(include_input=False) if one["type"] == "missing"}
    return f", without {', '.join(sorted(names))}" if names else ""


def _code(response: HttpResponse) -> str:
    """PostgREST's code, empty where it gave none; the status, where something else has answered."""
    try:
        body = response.json()
    except ValueError:
        body = None
    code = body.get("code") or "" if isinstance(body, dict) else None
    return code if isinstance(code, str) else str(response.status_code)


def refusal(code: str) -> ApiError:
    """Sorts PostgREST's errors (https://docs.postgrest.org/en/stable/references/errors.html) by their code."""
    if code in {"PGRST301", "PGRST302", "PGRST303"}:
        return Unauthorized("The database refused this access token.", code="invalid_token")
    if code == "42501":
        return Forbidden()
    if code.startswith(("22", "23")):
        return UnprocessableContent("The database refused a value.", code="invalid_value")
    if code.startswith(("08", "53", "57", "PGRST0")) or _BEFORE_POSTGREST.fullmatch(code):
        return unavailable()
    return ApiError()


def unavailable() -> ServiceUnavailable:
    """`database_unavailable`: no response, or none that can be read."""
    return ServiceUnavailable("The database does not answer right now.", code="database_unavailable")
