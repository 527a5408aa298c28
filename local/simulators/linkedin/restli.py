"""How a batch is asked for in Rest.li 2.0: in the URL, or tunnelled through the body of a POST."""

import re
from urllib.parse import unquote, unquote_plus

from starlette.requests import Request

from local.simulators.linkedin.error_responses import TOO_LONG, Refusal, bad_request

_LONGEST_URL = 4000
_MOST_URNS = 50
_FORM = "application/x-www-form-urlencoded"
_LIST = re.compile(r"List\((.+)\)")
_URN = re.compile(r"urn:li:(share|ugcPost|activity):[0-9]{1,19}")
# Inside a list, these structure it, and stand encoded where they belong to a value.
_STRUCTURE = re.compile(r"[(),:']")


def read_batch(request: Request, body: bytes) -> tuple[str, ...] | Refusal:
    """The URNs of a BATCH_GET."""
    if len(str(request.url)) > _LONGEST_URL:
        return TOO_LONG
    headers, query = request.headers, request.url.query
    if request.method == "POST":
        if headers.get("x-http-method-override", "").upper() != "GET":
            return bad_request("POST operation is not supported on resource socialMetadata")
        if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            return bad_request(f"A tunnelled query must have the content type {_FORM}")
        query = body.decode("ascii", "replace")
    if headers.get("x-restli-protocol-version") != "2.0.0":
        return bad_request("Invalid query parameters passed to request")
    # Rest.li knows a batch by its ids where the method is not named.
    if headers.get("x-restli-method", "BATCH_GET").upper() != "BATCH_GET":
        return bad_request("The method does not match the request")
    return _urns(query)


def _urns(query: str) -> tuple[str, ...] | Refusal:
    parameters = [each.partition("=") for each in query.split("&") if each]
    listed = [value for name, _, value in parameters if unquote_plus(name) == "ids"]
    found = _LIST.fullmatch(listed[0]) if len(listed) == 1 and len(parameters) == 1 else None
    if found is None:
        return bad_request("Invalid query parameters passed to request")
    values = found[1].split(",")
    wrong = [each for each in values if _STRUCTURE.search(each) or not _URN.fullmatch(unquote(each))]
    if wrong:
        return bad_request(f"Invalid value for parameter 'ids': {wrong[0]}")
    if len(values) > _MOST_URNS:
        return bad_request(f"The number of ids {len(values)} is more than the allowed {_MOST_URNS}")
    return tuple(dict.fromkeys(map(unquote, values)))
