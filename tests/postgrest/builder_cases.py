"""What each method of the clients' query builders must answer, as PostgREST's documentation says, on the recorded rows.

By the method's name in supabase-js; `in` is `in_` in supabase-py. Answers are the titles of published projects in the
order of their ids, or the names of layouts and templates. An error is its code.
"""

from collections.abc import Mapping
from typing import Any

ENGINE, COMPILER = "Analytical Engine", "Compiler"
UNICODE, COMMAS, STARS = "Ünïcødé 世界 🚀", 'a,b (c) "d" \\e', "100% *star* _under_"
PUBLISHED = [ENGINE, UNICODE, COMMAS, STARS, COMPILER]

NO_OPERATOR = "42883"  # Postgres: undefined_function, since no column of the schema is a range or an array
NOT_ARRAY = "22P02"  # Postgres: invalid_text_representation, of an array's literal for jsonb

FILTERS: Mapping[str, Any] = {
    "eq": [COMPILER],
    "neq": [ENGINE, UNICODE, COMMAS, STARS],
    "gt": [STARS, COMPILER],
    "gte": [COMMAS, STARS, COMPILER],
    "lt": [ENGINE],
    "lte": [ENGINE, UNICODE],
    "is": [STARS],
    "isDistinct": [ENGINE, UNICODE, COMMAS, STARS],
    "in": [ENGINE, STARS],
    "notIn": [UNICODE, COMMAS, COMPILER],
    "like": [ENGINE],
    "likeAllOf": [ENGINE],
    "likeAnyOf": [ENGINE, COMPILER],
    "ilike": [ENGINE],
    "ilikeAllOf": [ENGINE],
    "ilikeAnyOf": [ENGINE, COMPILER],
    "regexMatch": [COMPILER],
    "regexIMatch": [COMPILER],
    "or": [ENGINE, COMPILER],
    "not": [ENGINE, UNICODE, COMMAS, STARS],
    "filter": [COMPILER],
    "match": [COMPILER],
    "textSearch": [ENGINE],
    "fts": [ENGINE],
    "plfts": [ENGINE],
    "phfts": [ENGINE],
    "wfts": [ENGINE, COMPILER],
    "order": [STARS, ENGINE, COMPILER, COMMAS, UNICODE],
    "limit": [ENGINE, UNICODE],
    "range": [UNICODE, COMMAS],
    "offset": [STARS, COMPILER],
    "retry": [COMPILER],
    "contains": [ENGINE],
    "containedBy": ["Gallery"],
    "cs": NOT_ARRAY,
    "cd": NOT_ARRAY,
    "overlaps": NO_OPERATOR,
    "ov": NO_OPERATOR,
    "rangeGt": NO_OPERATOR,
    "rangeGte": NO_OPERATOR,
    "rangeLt": NO_OPERATOR,
    "rangeLte": NO_OPERATOR,
    "rangeAdjacent": NO_OPERATOR,
    "sl": NO_OPERATOR,
    "sr": NO_OPERATOR,
    "nxl": NO_OPERATOR,
    "nxr": NO_OPERATOR,
    "adj": NO_OPERATOR,
}
