"""Made-up repositories: their ids and their numbers."""

import itertools
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from local.simulators.github.repositories import name_of, repository


@given(st.from_regex(r"[a-z0-9.-]{1,39}/[a-z0-9_.-]{1,100}", fullmatch=True))
def test_a_node_id_leads_back_to_its_repository(name: str) -> None:
    assert name_of(repository(name, date(2026, 1, 1)).node_id) == name


@given(st.text())
def test_any_other_node_id_leads_nowhere(text: str) -> None:
    assert name_of(text) is None
    assert name_of(f"R_{text}") is None


def test_numbers_move_a_little_from_day_to_day() -> None:
    days = [date(2026, 1, 1) + timedelta(days=i) for i in range(30)]
    for number in range(50):
        stars = [repository(f"ada/engine-{number}", day).stars for day in days]
        assert len(set(stars)) > 1
        steps = [abs(after - before) for before, after in itertools.pairwise(stars)]
        assert max(steps) <= 4 + max(stars) // 100
