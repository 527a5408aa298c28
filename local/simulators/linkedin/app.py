"""LinkedIn's HTTP side: who may ask, in which version, how often, and what comes back."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response

from local.simulators.behaviours import EVERYTHING
from local.simulators.faults import Fault, Malformed, cut_off, wait
from local.simulators.linkedin.behaviours import (
    KINDS,
    Counts,
    Failed,
    Forbidden,
    NotFound,
    Omitted,
    PlainKeys,
    RequestsPerDay,
    adapter,
)
from local.simulators.linkedin.error_responses import (
    INVALID_TOKEN,
    NO_TOKEN,
    NO_VERSION,
    NOT_SERVED,
    POST_FAILED,
    POST_FORBIDDEN,
    POST_NOT_FOUND,
    Refusal,
    answer_to,
    nonexistent_version,
    quota_spent,
)
from local.simulators.linkedin.posts import Social, social
from local.simulators.linkedin.restli import read_batch
from local.simulators.rate_limit import DailyQuotas
from local.simulators.simulator import Call, Simulator

_ABOUT = (
    "Answers BATCH_GET of /rest/socialMetadata as api.linkedin.com does. Every post exists and may be read, with "
    "numbers that follow from its URN and the day. Subjects are URNs of posts, `token:<token>` and `*`."
)
_VERSION = re.compile(r"20[0-9]{2}(0[1-9]|1[0-2])(\.[0-9]{2})?")
_MONTH = len("YYYYMM")


class Settings(BaseSettings):
    """LINKEDIN_SIMULATOR_*: all optional."""

    model_config = SettingsConfigDict(env_prefix="LINKEDIN_SIMULATOR_", frozen=True)

    tokens: str = Field(default="", description="the tokens it takes, separated by commas; any when empty")
    requests_per_day: int = Field(default=100_000, ge=0)
    # LinkedIn serves a version for a year. Ours stays, so that tests do not begin to fail with time.
    oldest_version: str = Field(default="202512", pattern=r"^20\d{4}$")

    def takes(self, token: str) -> bool:
        return not self.tokens or token in {each.strip() for each in self.tokens.split(",")}

    def serves(self, version: str, day: date) -> bool:
        newest = f"{day:%Y%m}"
        return bool(_VERSION.fullmatch(version)) and self.oldest_version <= version[:_MONTH] <= newest


class LinkedIn:
    def __init__(self, settings: Settings) -> None:
        self.simulator = Simulator("LinkedIn", _ABOUT, KINDS, adapter())
        self._settings = settings
        self._quotas = DailyQuotas()

    async def social_metadata(self, call: Call) -> Response:
        headers, token, today = call.request.headers, call.credential_key, datetime.now(UTC).date()
        if call.credential is None or token is None:
            return NO_TOKEN.response()
        if not self._settings.takes(call.credential):
            return INVALID_TOKEN.response()
        version = headers.get("linkedin-version", "")
        if not version:
            return NO_VERSION.response()
        if not self._settings.serves(version, today):
            return nonexistent_version(version).response()
        urns = read_batch(call.request, call.body)
        if isinstance(urns, Refusal):
            return urns.response()
        call.names(urns)
        return await self._answer(urns, token, version, today)

    async def _answer(self, urns: tuple[str, ...], token: str, version: str, today: date) -> Response:
        rules, named = self.simulator.rules, len(urns)
        subjects = [token, *urns, EVERYTHING]
        await wait(rules, subjects, named)
        fault = rules.match(subjects, Fault, named)
        if fault:
            return answer_to(fault, version)
        limit = rules.match([token], RequestsPerDay)
        if not self._quotas.spend(token, limit.limit if limit else self._settings.requests_per_day, today):
            return quota_spent().response()
        response = self._batch(urns, token, today, plain=rules.match(subjects, PlainKeys, named) is not None)
        return cut_off(response) if rules.match(subjects, Malformed, named) else response

    def _batch(self, urns: tuple[str, ...], token: str, today: date, *, plain: bool) -> Response:
        results: dict[str, Any] = {}
        statuses: dict[str, int] = {}
        errors: dict[str, Any] = {}
        for urn in urns:
            key = urn if plain else quote(urn, safe="")
            found = self._read(urn, token, today, len(urns))
            if isinstance(found, Refusal):
                statuses[key], errors[key] = found.status, found.as_json()
            elif found is not None:
                statuses[key], results[key] = 200, found.as_json(urn)
        headers = {"x-restli-protocol-version": "2.0.0"}
        return JSONResponse({"results": results, "statuses": statuses, "errors": errors}, headers=headers)

    def _read(self, urn: str, token: str, today: date, named: int) -> Social | Refusal | None:
        rules = self.simulator.rules
        # What is said of the post itself goes before what is said of all that a token asks for.
        subjects = (urn, token)
        if rules.match(subjects, NotFound, named):
            return POST_NOT_FOUND
        if rules.match(subjects, Forbidden, named):
            return POST_FORBIDDEN
        if rules.match(subjects, Failed, named):
            return POST_FAILED
        if rules.match(subjects, Omitted, named):
            return None
        found = social(urn, today)
        counts = rules.match(subjects, Counts, named)
        if counts is None:
            return found
        comments = found.comments if counts.comments is None else counts.comments
        top_level = counts.top_level_comments
        return replace(
            found,
            reactions=found.reactions
            if counts.reactions is None
            else {str(kind): n for kind, n in counts.reactions.items()},
            comments=comments,
            top_level_comments=min(found.top_level_comments, comments) if top_level is None else top_level,
        )

    async def elsewhere(self, _: Call) -> Response:
        return NOT_SERVED.response()


def create_app() -> Starlette:
    """What `local.simulators` serves."""
    linkedin = LinkedIn(Settings())
    path = "/rest/socialMetadata"
    routes = [(method, path, linkedin.social_metadata) for method in ("GET", "POST")]
    return linkedin.simulator.app(routes, otherwise=linkedin.elsewhere)
