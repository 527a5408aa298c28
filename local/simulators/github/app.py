"""GitHub's HTTP side: who may ask, what it costs, and what comes back."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLSyntaxError, execute_sync
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response

from local.simulators.behaviours import EVERYTHING
from local.simulators.faults import Fault, Malformed, cut_off, wait
from local.simulators.github.behaviours import KINDS, PointsPerHour, adapter, scopes
from local.simulators.github.documents import Documents, Question, question
from local.simulators.github.error_responses import (
    Standing,
    answer_to,
    new_request_id,
    no_user_agent,
    refusal,
    spent,
    unauthenticated,
)
from local.simulators.github.names import Names
from local.simulators.github.resolvers import Session, Unresolved, plain_field
from local.simulators.github.schema import load_schema
from local.simulators.rate_limit import Allowance, FixedWindows
from local.simulators.simulator import Call, Simulator

_ABOUT = (
    "Answers POST /graphql as api.github.com does, from GitHub's own published schema. Every repository exists, with "
    "numbers that follow from its name and the day. Subjects are `owner/name`, `owner/*`, `token:<token>` and `*`."
)


class Settings(BaseSettings):
    """GITHUB_SIMULATOR_*: all optional."""

    model_config = SettingsConfigDict(env_prefix="GITHUB_SIMULATOR_", frozen=True)

    tokens: str = Field(default="", description="the tokens it takes, separated by commas; any when empty")
    points_per_hour: int = Field(default=5000, ge=0)

    def takes(self, token: str) -> bool:
        return not self.tokens or token in {each.strip() for each in self.tokens.split(",")}


class GitHub:
    def __init__(self, settings: Settings) -> None:
        self.simulator = Simulator("GitHub", _ABOUT, KINDS, adapter(), scopes=scopes)
        self._settings = settings
        self._schema = load_schema()
        self._documents = Documents(self._schema)
        self._names = Names(self.simulator.rules)
        self._windows = FixedWindows()

    async def graphql(self, call: Call) -> Response:
        if not call.request.headers.get("user-agent"):
            return no_user_agent()
        if call.credential is None or not self._settings.takes(call.credential):
            return unauthenticated(credential_given=call.credential is not None)
        try:
            asked = json.loads(call.body)
        except ValueError:
            return refusal(400, "Problems parsing JSON")
        if not isinstance(asked, dict) or not isinstance(asked.get("query"), str):
            return refusal(400, "A query attribute must be specified and must be a string.")
        variables = asked.get("variables") or {}
        if not isinstance(variables, dict):
            return refusal(400, "Variables are invalid JSON.")
        operation = asked.get("operationName")
        try:
            wanted = question(self._documents.parse(asked["query"]), variables, operation)
        except GraphQLSyntaxError as error:
            return JSONResponse({"errors": [_error(error)]})
        call.names(wanted.subjects)
        return await self._answer(call, wanted, asked["query"], variables, operation)

    async def _answer(
        self, call: Call, wanted: Question, text: str, variables: Mapping[str, Any], operation: str | None
    ) -> Response:
        rules = self.simulator.rules
        subjects = self._subjects(call, wanted)
        await wait(rules, subjects, len(wanted.subjects))
        fault = rules.match(subjects, Fault, len(wanted.subjects))
        standing = Standing(self._spend(call, 0 if fault else wanted.points), new_request_id())
        if fault:
            return answer_to(fault, standing)
        if standing.allowance.allowed:
            response = self._execute(wanted, text, variables, operation, standing.allowance)
        else:
            response = spent()
        response.headers.update(standing.headers())
        return cut_off(response) if rules.match(subjects, Malformed, len(wanted.subjects)) else response

    def _execute(
        self, wanted: Question, text: str, variables: Mapping[str, Any], operation: str | None, allowance: Allowance
    ) -> Response:
        problems = self._documents.problems(text)
        if problems:
            return JSONResponse({"errors": [_error(problem) for problem in problems]})
        result = execute_sync(
            self._schema,
            wanted.document,
            context_value=Session(self.simulator.rules, self._names, len(wanted.subjects), wanted.points, allowance),
            variable_values=dict(variables),
            operation_name=operation,
            field_resolver=plain_field,
        )
        return JSONResponse(_body(result))

    def _subjects(self, call: Call, wanted: Question) -> Sequence[str]:
        """The request's own subjects, by both of their names, and the credential; the whole world last."""
        identities = (self._names.identity(subject) for subject in wanted.subjects)
        own = [call.credential_key] if call.credential_key else []
        return list(dict.fromkeys([*own, *wanted.subjects, *identities, EVERYTHING]))

    def _spend(self, call: Call, points: int) -> Allowance:
        credential = call.credential_key or EVERYTHING
        set_limit = self.simulator.rules.match([credential], PointsPerHour)
        limit = set_limit or PointsPerHour(limit=self._settings.points_per_hour)
        return self._windows.spend(credential, points, limit.limit, limit.window_seconds)

    async def elsewhere(self, _: Call) -> Response:
        return refusal(404, "Not Found", "https://docs.github.com/rest")


def _body(result: ExecutionResult) -> dict[str, Any]:
    if not result.errors:
        return {"data": result.data}
    errors = [_error(error) for error in result.errors]
    # A request whose variables do not fit never ran, and has no data at all.
    return (
        {"errors": errors}
        if result.data is None and not result.errors[0].path
        else {"data": result.data, "errors": errors}
    )


def _error(error: GraphQLError) -> dict[str, Any]:
    """With GitHub's members: its `type` stands beside the message, not in the extensions."""
    original = error.original_error
    entry: dict[str, Any] = {}
    if isinstance(original, Unresolved):
        entry["type"] = original.kind
    if error.path:
        entry["path"] = list(error.path)
    extensions = getattr(original, "extensions", None) or error.extensions
    if extensions:
        entry["extensions"] = dict(extensions)
    if error.locations:
        entry["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    return entry | {"message": error.message}


def create_app() -> Starlette:
    """What `local.simulators` serves."""
    github = GitHub(Settings())
    return github.simulator.app([("POST", "/graphql", github.graphql)], otherwise=github.elsewhere)
