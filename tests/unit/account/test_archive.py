"""Values as spreadsheets take them."""

import pytest
from showcase.account.row_writers import cell


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "plain"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("-1+1", "'-1+1"),
        (-1, -1),
        (None, None),
        ({"a": [1]}, '{"a": [1]}'),
        (["ü"], '["ü"]'),
    ],
)
def test_no_cell_is_a_formula(value: object, shown: object) -> None:
    assert cell(value) == shown
