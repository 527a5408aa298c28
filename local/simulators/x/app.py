"""X's HTTP side: who may ask, what it costs, and what comes back."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response

from local.simulators.behaviours import EVERYTHING
from local.simulators.faults import Fault, Malformed, cut_off, wait
from local.simulators.rate_limit import Allowance, FixedWindows
from local.simulators.simulator import Call, Simulator
from local.simulators.x.behaviours import (
    KINDS,
    Counts,
    LegacyProblems,
    NoMetrics,
    NotAuthorized,
    NotFound,
    Omitted,
    PostsPerMonth,
    RequestsPerWindow,
    Suspended,
    adapter,
)
from local.simulators.x.billing import Billing
from local.simulators.x.error_responses import (
    LEGACY_PROBLEMS,
    PROBLEMS,
    answer_to,
    invalid_request,
    not_found,
    of_post,
    rate_limit_headers,
    too_many_requests,
    unauthorized,
    usage_capped,
)
from local.simulators.x.posts import author_id, created_at, metrics
from local.simulators.x.queries import Query, Refused, read_query

_ABOUT = (
    "Answers GET /2/tweets?ids=... as api.x.com does, in the words it is asked in: `tweet.fields` or `post.fields`. "
    "Every post exists, with numbers that follow from its id and the day. Billed is each post that was returned, once "
    "a UTC day for each token. Subjects are ids of posts, `token:<token>` and `*`."
)


class Settings(BaseSettings):
    """X_SIMULATOR_*: all optional."""

    model_config = SettingsConfigDict(env_prefix="X_SIMULATOR_", frozen=True)

    tokens: str = Field(default="", description="the tokens it takes, separated by commas; any when empty")
    requests_per_window: int = Field(default=3500, ge=0)
    posts_per_month: int = Field(default=2_000_000, ge=0)

    def takes(self, token: str) -> bool:
        return not self.tokens or token in {each.strip() for each in self.tokens.split(",")}


class X:
    def __init__(self, settings: Settings) -> None:
        self._billing = Billing()
        self.simulator = Simulator("X", _ABOUT, KINDS, adapter(), tallies={"billed": self._billing.billed})
        self._settings = settings
        self._windows = FixedWindows()

    async def posts(self, call: Call) -> Response:
        token = call.credential_key
        if call.credential is None or token is None or not self._settings.takes(call.credential):
            return unauthorized()
        query = read_query(call.request.url.query)
        if isinstance(query, Refused):
            return invalid_request(query.errors)
        call.names(query.ids)
        rules, named = self.simulator.rules, len(query.ids)
        subjects = [token, *query.ids, EVERYTHING]
        await wait(rules, subjects, named)
        problems = LEGACY_PROBLEMS if rules.match(subjects, LegacyProblems, named) else PROBLEMS
        fault = rules.match(subjects, Fault, named)
        allowance = self._spend(token, 0 if fault else 1)
        if fault:
            return answer_to(fault, allowance, problems)
        response = self._answer(query, token, allowance, problems)
        response.headers.update(rate_limit_headers(allowance))
        return cut_off(response) if rules.match(subjects, Malformed, named) else response

    def _answer(self, query: Query, token: str, allowance: Allowance, problems: str) -> Response:
        if not allowance.allowed:
            return too_many_requests()
        today = datetime.now(UTC).date()
        if self._billing.this_month(token, today) >= self._cap(token):
            return usage_capped(problems)
        data: list[dict[str, object]] = []
        errors: list[dict[str, str]] = []
        for post_id in query.ids:
            # What is said of the post itself goes before what is said of all that a token asks for.
            subjects = (post_id, token)
            error = self._error(post_id, subjects, len(query.ids), problems)
            if error:
                errors.append(error)
            elif not self.simulator.rules.match(subjects, Omitted, len(query.ids)):
                data.append(self._post(post_id, subjects, query, today))
        self._billing.bill(token, (str(each["id"]) for each in data), today)
        # Neither member is there when it would be empty.
        return JSONResponse(({"data": data} if data else {}) | ({"errors": errors} if errors else {}))

    def _error(self, post_id: str, subjects: Sequence[str], named: int, problems: str) -> dict[str, str] | None:
        rules = self.simulator.rules
        missing, forbidden = f"{problems}/resource-not-found", f"{problems}/not-authorized-for-resource"
        if rules.match(subjects, NotFound, named):
            return of_post(post_id, "Not Found Error", "Could not find tweet with ids", missing)
        if rules.match(subjects, NotAuthorized, named):
            detail = "Sorry, you are not authorized to see the Tweet with ids"
            return of_post(post_id, "Authorization Error", detail, forbidden, section="data")
        if rules.match(subjects, Suspended, named):
            return of_post(post_id, "Forbidden", "User has been suspended", missing)
        return None

    def _post(self, post_id: str, subjects: Sequence[str], query: Query, day: date) -> dict[str, object]:
        rules, named = self.simulator.rules, len(query.ids)
        found = metrics(post_id, day)
        counts = rules.match(subjects, Counts, named)
        if counts:
            known = {name: number for name, number in counts if name in asdict(found) and number is not None}
            found = replace(found, **known)
        public: dict[str, Any] = {
            "retweet_count" if query.legacy else "repost_count": found.retweets,
            "reply_count": found.replies,
            "like_count": found.likes,
            "quote_count": found.quotes,
            "bookmark_count": found.bookmarks,
            "impression_count": found.impressions,
        }
        optional: dict[str, object] = {
            "author_id": author_id(post_id),
            "created_at": created_at(post_id).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }
        if not rules.match(subjects, NoMetrics, named):
            optional["public_metrics"] = public
        history = "edit_history_tweet_ids" if query.legacy else "edit_history_post_ids"
        always: dict[str, object] = {"id": post_id, "text": f"Post {post_id}", history: [post_id]}
        return always | {name: value for name, value in optional.items() if name in query.fields}

    def _spend(self, token: str, requests: int) -> Allowance:
        limit = self.simulator.rules.match([token], RequestsPerWindow)
        limit = limit or RequestsPerWindow(limit=self._settings.requests_per_window)
        return self._windows.spend(token, requests, limit.limit, limit.window_seconds)

    def _cap(self, token: str) -> int:
        cap = self.simulator.rules.match([token], PostsPerMonth)
        return cap.limit if cap else self._settings.posts_per_month

    async def elsewhere(self, _: Call) -> Response:
        return not_found()


def create_app() -> Starlette:
    """What `local.simulators` serves."""
    x = X(Settings())
    return x.simulator.app([("GET", "/2/tweets", x.posts)], otherwise=x.elsewhere)
