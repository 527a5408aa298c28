"""/rest/v1 answers as PostgREST 16.2 did: status, body, headers, and the rows that changed."""

import pytest

from tests.postgrest.comparison import differences
from tests.postgrest.conftest import Rest
from tests.postgrest.recording import TOPICS, exchanges


@pytest.mark.parametrize("topic", TOPICS)
def test_the_recorded_answers(rest: Rest, topic: str) -> None:
    recorded = exchanges(topic)
    different = {each.id: found for each in recorded if (found := differences(each, rest.replay(each)))}
    report = [
        f"{each.id}  {each.caller} {each.method} {each.target} {dict(each.headers)}\n    "
        + "\n    ".join(line[:600] for line in different[each.id])
        for each in recorded
        if each.id in different
    ]
    assert not different, f"{len(different)} of {len(recorded)} answers differ:\n" + "\n".join(report)
