"""What a request asks for, and everything that X finds wrong with it at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

_MOST_IDS = 100
_ID = re.compile(r"[0-9]{1,19}")
_PATTERN = f"^{_ID.pattern}$"

# X calls the fields of a post by an old and by a new name, and takes both.
LEGACY_FIELDS, FIELDS = "tweet.fields", "post.fields"
_PARAMETERS = ("ids", "expansions", LEGACY_FIELDS, FIELDS, "media.fields", "poll.fields", "place.fields", "user.fields")
_IN_BOTH = (
    "article", "attachments", "card_uri", "community_id", "context_annotations", "created_at", "display_text_range",
    "edit_controls", "entities", "geo", "id", "lang", "media_metadata", "non_public_metrics", "organic_metrics",
    "possibly_sensitive", "promoted_metrics", "public_metrics", "reply_settings", "scopes", "source", "text",
    "withheld",
)  # fmt: skip
_LEGACY_ONLY = (
    "author_id", "conversation_id", "edit_history_tweet_ids", "in_reply_to_user_id", "note_tweet", "referenced_tweets",
)  # fmt: skip
_NEW_ONLY = (
    "article_title", "matched_media_notes", "note_post", "note_request_suggestions", "paid_partnership",
    "suggested_source_links", "suggested_source_links_with_counts",
)  # fmt: skip
_ALLOWED = {LEGACY_FIELDS: (*_IN_BOTH, *_LEGACY_ONLY), FIELDS: (*_IN_BOTH, *_NEW_ONLY)}


@dataclass(frozen=True)
class Query:
    ids: tuple[str, ...]
    fields: frozenset[str]
    legacy: bool


@dataclass(frozen=True)
class Refused:
    errors: tuple[Mapping[str, object], ...]


def read_query(text: str) -> Query | Refused:
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        given.setdefault(name, []).append(value)
    ids = _listed(given, "ids")
    errors = [*_wrong_ids(given, ids), *_wrong_fields(given), *_unknown(given)]
    if errors:
        return Refused(tuple(errors))
    wanted = frozenset((*_listed(given, FIELDS), *_listed(given, LEGACY_FIELDS)))
    # It answers in the words that it was asked in.
    return Query(tuple(dict.fromkeys(ids)), wanted, legacy=FIELDS not in given)


def _wrong_ids(given: Mapping[str, list[str]], ids: list[str]) -> list[Mapping[str, object]]:
    if not any(ids):
        return [_error(given, "ids", "The `ids` query parameter can not be empty")]
    if len(ids) > _MOST_IDS:
        many = f"The number of values in the `ids` query parameter list [{len(ids)}]"
        return [_error(given, "ids", f"{many} is not between 1 and {_MOST_IDS}")]
    return [
        _error(given, "ids", f"The `ids` query parameter value [{each}] does not match {_PATTERN}")
        for each in ids
        if not _ID.fullmatch(each)
    ]


def _wrong_fields(given: Mapping[str, list[str]]) -> list[Mapping[str, object]]:
    return [
        _error(given, name, f"The `{name}` query parameter value [{value}] is not one of [{','.join(allowed)}]")
        for name, allowed in _ALLOWED.items()
        for value in _listed(given, name)
        if value not in allowed
    ]


def _unknown(given: Mapping[str, list[str]]) -> list[Mapping[str, object]]:
    return [
        _error(given, name, f"The query parameter [{name}] is not one of [{','.join(_PARAMETERS)}]")
        for name in given
        if name not in _PARAMETERS
    ]


def _listed(given: Mapping[str, list[str]], name: str) -> list[str]:
    return [each for value in given.get(name, ()) for each in value.split(",")]


def _error(given: Mapping[str, list[str]], name: str, message: str) -> Mapping[str, object]:
    return {"parameters": {name: given.get(name, [])}, "message": message}
