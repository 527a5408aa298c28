"""Who answers which field of GitHub's schema. What has no resolver and no value here is not simulated, and says so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLResolveInfo

from local.simulators.behaviours import FaultRules
from local.simulators.github.behaviours import Counts, Forbidden, NotFound, Private, ResourceLimitsExceeded
from local.simulators.github.names import Names
from local.simulators.github.repositories import name_of, repository
from local.simulators.rate_limit import Allowance

_SINGLE_SIGN_ON = (
    "Resource protected by organization SAML enforcement. "
    "You must grant your Personal Access token access to this organization."
)


class Unresolved(Exception):
    """A field that cannot be given: it becomes an entry of the answer's `errors`, with GitHub's type of it."""

    def __init__(self, kind: str, message: str, extensions: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.extensions = extensions


@dataclass
class Session:
    """What the resolvers of one request share."""

    rules: FaultRules[Any]
    names: Names
    named: int
    points: int
    allowance: Allowance
    answered: int = 0
    exhausted: bool = False


def _look_up(session: Session, identity: str, asked: str, missing: str) -> dict[str, object]:
    """The repository as the behaviours of either of its names have it."""
    subjects = (asked, identity)
    limits = session.rules.match(subjects, ResourceLimitsExceeded, session.named)
    session.exhausted = session.exhausted or (limits is not None and session.answered >= limits.after)
    if session.exhausted:
        raise Unresolved("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.")
    private = session.rules.match(subjects, Private, session.named)
    if session.rules.match(subjects, NotFound, session.named) or (private and not private.visible):
        raise Unresolved("NOT_FOUND", missing)
    if session.rules.match(subjects, Forbidden, session.named):
        raise Unresolved("FORBIDDEN", _SINGLE_SIGN_ON, {"saml_failure": True})
    found = repository(session.names.current(identity) or asked, datetime.now(UTC).date(), identity=identity)
    counts = session.rules.match(subjects, Counts, session.named)
    if counts:
        found = replace(
            found,
            stars=found.stars if counts.stars is None else counts.stars,
            forks=found.forks if counts.forks is None else counts.forks,
            watchers=found.watchers if counts.watchers is None else counts.watchers,
        )
    session.answered += 1
    return replace(found, private=private is not None).as_node()


def _repository(_: object, info: GraphQLResolveInfo[Session], **arguments: Any) -> dict[str, object]:
    session = info.context
    asked = f"{arguments['owner']}/{arguments['name']}"
    missing = f"Could not resolve to a Repository with the name '{asked}'."
    identity = session.names.identity(asked)
    gone = session.names.current(identity) is not None and identity == asked.lower()
    if not session.names.possible(asked) or (gone and not arguments.get("followRenames", True)):
        raise Unresolved("NOT_FOUND", missing)
    return _look_up(session, identity, asked, missing)


def _node(_: object, info: GraphQLResolveInfo[Session], id: str) -> dict[str, object]:  # noqa: A002  # GitHub's name for it
    missing = f"Could not resolve to a node with the global id of '{id}'"
    identity = name_of(id)
    if identity is None:
        raise Unresolved("NOT_FOUND", missing)
    return _look_up(info.context, identity, identity, missing)


def _nodes(source: object, info: GraphQLResolveInfo[Session], ids: list[str]) -> list[Any]:
    """One missing node leaves the others: its place in the list becomes the error's path."""

    def each(node_id: str) -> dict[str, object] | Unresolved:
        try:
            return _node(source, info, node_id)
        except Unresolved as unresolved:
            return unresolved

    return [each(node_id) for node_id in ids]


def _rate_limit(_: object, info: GraphQLResolveInfo[Session], **__: Any) -> dict[str, object]:
    session = info.context
    allowance = session.allowance
    return {
        "cost": session.points,
        "limit": allowance.limit,
        "nodeCount": 0,
        "remaining": allowance.remaining,
        "resetAt": datetime.fromtimestamp(allowance.reset, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "used": allowance.used,
    }


def _viewer(_: object, __: GraphQLResolveInfo[Session]) -> dict[str, object]:
    return {"__typename": "User", "id": "U_kgDOAAjmPw", "databaseId": 583231, "login": "octocat", "name": "Octocat"}


def plain_field(source: Any, info: GraphQLResolveInfo[Session], **_: Any) -> Any:
    """A value of the object above. Better a clear refusal than a null that GitHub would not give."""
    if isinstance(source, dict) and info.field_name in source:
        return source[info.field_name]
    message = f"The simulator does not answer {info.parent_type.name}.{info.field_name}."
    raise Unresolved("NOT_SIMULATED", message)


RESOLVERS: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "Query": {
        "repository": _repository,
        "node": _node,
        "nodes": _nodes,
        "rateLimit": _rate_limit,
        "viewer": _viewer,
    }
}
