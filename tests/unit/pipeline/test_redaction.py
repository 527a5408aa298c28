"""What gets past the gate before logs and Sentry; and that each gate alone would have caught what it is for."""

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from showcase.errors import Failure, ServiceUnavailable, VendorError
from showcase.observability import logs, sentry
from showcase.observability.redaction import Redactor, chain, describe, redactor, stack_trace
from showcase.settings import CoreSettings, SettingsError

NOT_SET: dict[str, Any] = {}
SECRET = "correct-horse-battery"
REDACT = redactor({"SOME_API_KEY": f"{SECRET},second-secret", "SHORT_KEY": "local", "SITE_URL": "http://site.example"})


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    secret_local = SECRET  # noqa: F841 - to be found by anyone who looks at frames
    try:
        raise error from cause
    except Exception as caught:  # noqa: BLE001 - whichever was given
        return caught


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        "second-secret",
        "ada@example.com",
        "Ada.Lovelace+mail@sub.example.co.uk",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "sb_secret_abcdefghijkl",
        "sk_live_abcdefghijkl",
        "rk_test_abcdefghijkl",
        "whsec_abcdefghijkl",
        "ghp_abcdefghijkl",
        "SG.abcdefghij.klmnop",
        "sk-proj-abcdefghijkl",
    ],
)
def test_what_looks_secret_is_taken_out(text: str) -> None:
    assert REDACT(f"before {text} after") == "before [redacted] after"


@pytest.mark.parametrize(
    "text", ["local", "http://site.example", "status 401", "sub_1Abc", "evt_1Abc", "showcase/errors.py", "SG.short"]
)
def test_what_is_needed_stays(text: str) -> None:
    assert REDACT(f"before {text} after") == f"before {text} after"


def test_a_long_text_takes_no_long_time() -> None:
    """Bounded, so that nobody can hold a process up by what they send."""
    assert REDACT("a" * 200_000) == "a" * 200_000


AWKWARD = 'quote " back \\ line \n \u00e9'
SHAPED = ["a@b.example", "eyJhbGciOiJIUzI1NiJ9.e", "sk_test_abcdef", "ghs_abcdef", "xoxb_abcdef", "sk-0123456789"]


@given(st.lists(st.text(max_size=5) | st.sampled_from([SECRET, AWKWARD, *SHAPED]), max_size=6).map("".join))
def test_the_fast_look_misses_nothing_that_is_redacted(text: str) -> None:
    redact = redactor({"SOME_API_KEY": SECRET, "OTHER_TOKEN": AWKWARD})
    assert redact(text) == text or redact.may_match(json.dumps({"a": [text]}, ensure_ascii=False))


def test_an_ordinary_line_needs_no_second_look() -> None:
    assert not REDACT.may_match(json.dumps({"request_id": "1-2", "message": "getSocialMetrics 200", "ms": 1.5}))


def test_only_our_own_errors_say_something() -> None:
    assert describe(ServiceUnavailable(f"to {SECRET}", code="stripe_unavailable")) == "stripe_unavailable"
    assert describe(VendorError("x", Failure.REJECTED, "status 401")) == "x: rejected (status 401)"
    assert describe(SettingsError("  STRIPE_SECRET_KEY: Field required")) == "  STRIPE_SECRET_KEY: Field required"
    assert describe(ValueError(SECRET)) == ""


def test_a_stack_trace_has_every_cause_and_no_text_of_theirs() -> None:
    error = raised(ServiceUnavailable(SECRET), ExceptionGroup(SECRET, [raised(KeyError(SECRET))]))
    reported = stack_trace(error)
    assert SECRET in str(error.__cause__), "there was something to tell"
    assert SECRET not in reported
    assert [type(one) for one in chain(error)] == [ServiceUnavailable, ExceptionGroup, KeyError]
    assert reported.count("Traceback (most recent call last):") == 3
    assert reported.endswith("showcase.errors.ServiceUnavailable: unavailable")


def formatted(settings: CoreSettings, redact: Redactor, record: logging.LogRecord) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(logs.JsonFormatter(settings, redact).format(record))
    return line


@pytest.fixture
def settings() -> CoreSettings:
    return CoreSettings.model_construct(**NOT_SET, release="1", environment="tests", google_cloud_project="project")


def test_of_others_log_lines_only_the_template_is_told(settings: CoreSettings) -> None:
    error = raised(ValueError(SECRET))
    record = logging.LogRecord(
        "httpx", logging.WARNING, "", 0, "asked %s\nfor more", (SECRET,), (type(error), error, error.__traceback__)
    )
    line = formatted(settings, redactor({}), record)
    assert (line["message"], line["logger"], line["severity"]) == ("asked %s", "httpx", "WARNING")
    assert SECRET not in json.dumps(line)


def test_the_second_gate_holds_where_the_first_is_open(settings: CoreSettings) -> None:
    """Somebody logs what should not be logged: it shows without the redactor, and not with it."""
    record = logging.LogRecord("showcase", logging.INFO, "", 0, "sent %s to %s", (SECRET, "ada@example.com"), None)
    assert SECRET in formatted(settings, Redactor(redactor({}).pattern), record)["message"]
    assert formatted(settings, REDACT, record)["message"] == "sent [redacted] to [redacted]"


def test_a_line_stays_json_whatever_is_taken_out(settings: CoreSettings) -> None:
    """A line break before an address, and a secret that JSON writes differently: a key file, say."""
    key = 'begin "key"\nMIIEvQ\\äöü\nend'
    said = {"fields": {"reported": {"by": ["first\nada@example.com", key, None, 7]}}}
    record = logging.makeLogRecord({"name": "showcase", "msg": f"sent\nada@example.com\n{key}", **said})
    line = formatted(settings, redactor({"SOME_KEY": key}), record)
    assert line["message"] == "sent\n[redacted]\n[redacted]"
    assert line["reported"] == {"by": ["first\n[redacted]", "[redacted]", None, 7]}


LOGGED = st.recursive(
    st.sampled_from([SECRET, AWKWARD, *SHAPED, "\ud800", b"\xff", float("nan"), 10**30, None]) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.just(AWKWARD), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(LOGGED)
def test_whatever_is_logged_a_secret_is_not(logged: object) -> None:
    settings = CoreSettings.model_construct(**NOT_SET, release="1", environment="tests", google_cloud_project="project")
    record = logging.makeLogRecord({"name": "showcase", "msg": AWKWARD, "fields": {"x": logged}})
    line = logs.JsonFormatter(settings, redactor({"A_KEY": AWKWARD, "B_KEY": SECRET})).format(record)
    written = json.dumps(json.loads(line.encode(errors="backslashreplace")), ensure_ascii=False)
    assert not any(json.dumps(secret, ensure_ascii=False)[1:-1] in written for secret in [AWKWARD, SECRET, *SHAPED])


def test_what_sentry_would_send_by_itself_is_left_out(settings: CoreSettings) -> None:
    """An event as the SDK makes it, full of secrets everywhere: the canary is in it before, and not after."""
    from sentry_sdk.utils import event_from_exception

    event, hint = event_from_exception(raised(ValueError(SECRET)))
    full: dict[str, Any] = {
        **event,
        "event_id": "1",
        "request": {"url": f"http://a/?token={SECRET}", "headers": {"authorization": SECRET}, "data": SECRET},
        "breadcrumbs": {"values": [{"message": SECRET}]},
        "extra": {"local": SECRET},
        "user": {"id": "7", "email": "ada@example.com", "ip_address": SECRET},
        "contexts": {"trace": {"trace_id": "2", "data": SECRET}, "response": {"body": SECRET}},
        "tags": {"function": "health", "other": SECRET},
        "server_name": SECRET,
        "spans": [{"span_id": "3", "description": "db", "data": {"url": SECRET}, "tags": {"a": SECRET}}],
        "logentry": {"message": SECRET},
    }
    assert SECRET in json.dumps(full, default=str)
    reported = sentry.allowed(full, hint)
    assert SECRET not in json.dumps(reported, default=str)
    assert "vars" not in json.dumps(reported, default=str)
    assert reported["user"] == {"id": "7"}
    assert reported["spans"] == [{"span_id": "3", "description": "db"}]
    assert reported["exception"]["values"][-1]["type"] == "ValueError"
