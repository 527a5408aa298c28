import pytest
from showcase.waiting import told_wait


@pytest.mark.parametrize(
    ("said", "wait"),
    [("7", 7), ("0", 0), ("", None), ("soon", None), ("-1", None), ("1.5", None), ("1e9", None), ("\u0663", None)],
)
def test_a_wait_is_a_number_of_seconds(said: str, wait: float | None) -> None:
    assert told_wait({"retry-after": said}) == wait


def test_nobody_waits_for_more_than_there_is_time() -> None:
    assert told_wait({}) is None
    assert told_wait({"retry-after": "9" * 12}) == 10**12 - 1
    assert told_wait({"retry-after": "9" * 13}) is None
