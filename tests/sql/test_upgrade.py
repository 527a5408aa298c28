"""The new migrations meet the data of the version before: every row survives, and the schema is the one of a new start.

`make test-upgrade` runs this alone. The version before is the last release (tag v*), and some points of the history.
"""

from pathlib import Path

import psycopg
import pytest

from local.postgres import migrations
from tests.support import older
from tests.support.cluster import PLATFORM, TestCluster
from tests.support.schema import dump

POINTS = ("20261122150700", "20261122170000")  # the first schema; before the design assistant
# What those still took, and nothing does any more.
OLD = """
    insert into public.templates (name, blocks_json) values ('Of no catalogue', '[{"type": "own", "x": 1}]');
    insert into public.notifications (user_id, type, status) select id, 'welcome', 'pending' from private.users;
"""


# What a migration changes on purpose: a mail that was pending in the log of before is not to be sent by the new outbox;
# the version of a subscription's row has moved to a table that clients do not read.
CHANGED = {"public.notifications": "status", "public.subscriptions": "applied_ticket"}


@pytest.mark.parametrize("point", [*POINTS, *filter(None, [older.previous_release()])])
def test_what_people_have_survives_the_new_migrations(cluster: TestCluster, tmp_path: Path, point: str) -> None:
    released = point.startswith("v")
    project = (older.project_of if released else older.project_until)(tmp_path / "before", point)
    with cluster.copy(PLATFORM) as used, cluster.copy(PLATFORM) as new:
        migrations.push(used, seed=released, project=project)
        older.use(used)
        if not released:
            with psycopg.connect(used) as connection:
                connection.execute(OLD)
        before = older.rows(used)
        migrations.push(used, seed=False)
        assert older.lost(before, older.rows(used), CHANGED) == {}
        migrations.push(new, seed=False)
        assert dump(used) == dump(new)
        with psycopg.connect(used) as connection:
            assert connection.execute("select conname from pg_constraint where not convalidated").fetchall() == []
        migrations.push(used)  # the demo rows of today go beside them


def test_a_lost_row_would_be_noticed() -> None:
    before: older.Rows = {"t": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}], "gone": [{"id": 1}], "empty": []}
    after: older.Rows = {"t": [{"id": 1, "name": "a", "new": 0}, {"id": 2, "name": "B"}]}
    assert older.lost(before, after) == {"t": [{"id": 2, "name": "b"}], "gone": [{"id": 1}]}
