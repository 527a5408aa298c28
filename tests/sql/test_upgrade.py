"""The new migrations meet the data of the version before: every row survives, and the schema is the one of a new start.

`make test-upgrade` runs this alone. The version before is the last release (tag v*), and the baseline.
"""

from pathlib import Path

import psycopg
import pytest

from local.postgres import migrations
from tests.support import previous_version
from tests.support.cluster import PLATFORM, TestCluster
from tests.support.schema import dump

BASELINE = "20261127141211"  # the last migration of v0.2.0, with which the history begins
# By table: the columns that migrations change on purpose, and why.
# Without accents and with the owner's names; the numbers are in private.project_totals.
CHANGED = {"private.project_search": ("document", "stars", "likes")}


@pytest.mark.parametrize("point", [BASELINE, *filter(None, [previous_version.previous_release()])])
def test_what_users_have_survives_the_new_migrations(cluster: TestCluster, tmp_path: Path, point: str) -> None:
    released = point.startswith("v")
    project = (previous_version.project_of if released else previous_version.project_until)(tmp_path / "before", point)
    with cluster.copy(PLATFORM) as used, cluster.copy(PLATFORM) as new:
        migrations.push(used, seed=released, project=project)
        previous_version.use(used)
        before = previous_version.rows(used)
        migrations.push(used, seed=False)
        assert previous_version.lost(before, previous_version.rows(used), CHANGED) == {}
        migrations.push(new, seed=False)
        assert dump(used) == dump(new)
        with psycopg.connect(used) as connection:
            assert connection.execute("select conname from pg_constraint where not convalidated").fetchall() == []
        migrations.push(used)  # the demo rows of today go beside them


def test_a_lost_row_would_be_noticed() -> None:
    before: previous_version.Rows = {
        "t": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
        "gone": [{"id": 1}],
        "empty": [],
    }
    after: previous_version.Rows = {"t": [{"id": 1, "name": "a", "new": 0}, {"id": 2, "name": "B"}]}
    assert previous_version.lost(before, after) == {"t": [{"id": 2, "name": "b"}], "gone": [{"id": 1}]}
