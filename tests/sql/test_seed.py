"""The demo rows."""

from local.settings import ROOT
from tests.sql.acting import superuser

COUNTS = """
    select
      (select count(*) from auth.users) as accounts, (select count(*) from auth.identities) as identities,
      (select count(*) from users) as users, (select count(*) from projects) as projects,
      (select count(*) from project_images) as images, (select count(*) from project_videos) as videos,
      (select count(*) from project_tags) as tags, (select count(*) from project_technologies) as technologies,
      (select count(*) from social_metrics) as metrics, (select count(*) from templates) as templates,
      (select count(*) from layouts) as layouts, (select count(*) from subscriptions) as subscriptions
"""


def test_the_seed_may_be_run_again(database: str) -> None:
    with superuser(database) as connection:
        before = connection.execute(COUNTS).fetchone()
        assert before is not None
        assert min(before.values()) > 0, before
        connection.execute("update projects set title = 'Mine now'")
        connection.execute((ROOT / "supabase" / "seed.sql").read_bytes())
        assert connection.execute(COUNTS).fetchone() == before
        titles = connection.execute("select distinct title from projects").fetchall()
        assert titles == [{"title": "Mine now"}], "what is there stays"


def test_the_users_are_those_of_the_local_identity_provider(untouched_database: str) -> None:
    with superuser(untouched_database) as connection:
        rows = connection.execute("select username, email, google_id, tier from private.users order by 1").fetchall()
    assert [tuple(row.values()) for row in rows] == [
        ("ada", "ada@example.com", "100000000000000000001", "paid"),
        ("grace", "grace@example.com", "100000000000000000002", "free"),
    ]


def test_metrics_end_yesterday(untouched_database: str) -> None:
    with superuser(untouched_database) as connection:
        row = connection.execute(
            "select count(distinct recorded_at) as days, (now() at time zone 'utc')::date - max(recorded_at) as age "
            "from social_metrics"
        ).fetchone()
    assert row == {"days": 14, "age": 1}


def test_auth_can_read_the_accounts(untouched_database: str) -> None:
    """It cannot read nulls in these columns."""
    columns = ("confirmation_token", "recovery_token", "email_change", "email_change_token_new", "phone_change")
    with superuser(untouched_database) as connection:
        for column in columns:
            query = f"select from auth.users where {column} is null".encode()
            assert connection.execute(query).fetchall() == [], column
