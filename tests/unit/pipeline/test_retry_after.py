import pytest
from showcase.outbound.retry_after import parse_retry_after


@pytest.mark.parametrize(
    ("said", "wait"),
    [("7", 7), ("0", 0), ("", None), ("soon", None), ("-1", None), ("1.5", None), ("1e9", None), ("\u0663", None)],
)
def test_a_wait_is_a_number_of_seconds(said: str, wait: float | None) -> None:
    assert parse_retry_after({"retry-after": said}) == wait


def test_nobody_waits_for_more_than_there_is_time() -> None:
    assert parse_retry_after({}) is None
    assert parse_retry_after({"retry-after": "9" * 12}) == 10**12 - 1
    assert parse_retry_after({"retry-after": "9" * 13}) is None
