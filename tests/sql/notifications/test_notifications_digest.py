"""The weekly digest: for those who asked for it, of what their projects earned."""

from datetime import date
from typing import Any

from tests.sql.acting import ADA, COMPILER, ENGINE, GRACE, NOTE_G, Connection, superuser

ENDS = date(2026, 3, 9)


def number(connection: Connection, project: object, platform: str, day: str, count: int) -> None:
    column = "stars" if platform == "github" else "likes"
    connection.execute(
        f"insert into social_metrics (project_id, platform, recorded_at, {column}) values (%s, %s, %s, %s)".encode(),
        (project, platform, day, count),
    )


def queued(connection: Connection) -> int:
    row = connection.execute("select public.queue_weekly_metrics(%s) as queued", (ENDS,)).fetchone()
    assert row is not None
    return int(row["queued"])


def digest(connection: Connection, user: object) -> Any:
    row = connection.execute(
        "select payload, dedupe_key from notifications where user_id = %s and type = 'weekly_metrics'", (user,)
    ).fetchone()
    assert row is not None
    assert row["dedupe_key"] == "2026-W11"
    return row["payload"]


def ask(connection: Connection, *users: object) -> None:
    for user in users:
        connection.execute("select public.set_notification_preference(%s, 'weekly_metrics', true)", (user,))


def test_it_tells_what_was_gained_once_and_to_those_who_asked(database: str) -> None:
    with superuser(database) as connection:
        connection.execute("delete from social_metrics")
        for project in (ENGINE, COMPILER):
            number(connection, project, "github", "2026-03-02", 100)
            number(connection, project, "github", "2026-03-09", 130)
        number(connection, ENGINE, "twitter", "2026-03-08", 50)  # the first snapshot: nothing to compare it with
        number(connection, NOTE_G, "linkedin", "2026-02-01", 7)
        number(connection, NOTE_G, "linkedin", "2026-03-10", 99)  # after the week
        ask(connection, ADA)
        assert queued(connection) == 1
        assert queued(connection) == 0
        reported = digest(connection, ADA)
        assert (reported["from"], reported["to"], reported["gained"], reported["more"]) == (
            "2026-03-02",
            "2026-03-09",
            30,
            0,
        )
        assert reported["projects"] == [
            {
                "title": "Analytical Engine",
                "gained": 30,
                "platforms": [
                    {"platform": "github", "now": 130, "before": 100},
                    {"platform": "twitter", "now": 50, "before": 50},
                ],
            },
            {"title": "Note G", "gained": 0, "platforms": [{"platform": "linkedin", "now": 7, "before": 7}]},
        ]


def test_who_has_no_numbers_gets_none(database: str) -> None:
    with superuser(database) as connection:
        connection.execute("delete from social_metrics")
        ask(connection, ADA, GRACE)
        assert queued(connection) == 0


def test_five_projects_are_shown_and_the_rest_counted(database: str) -> None:
    with superuser(database) as connection:
        connection.execute("delete from social_metrics")
        for place in range(8):
            row = connection.execute(
                "insert into projects (user_id, title) values (%s, %s) returning id", (GRACE, f"P{place}")
            ).fetchone()
            assert row is not None
            number(connection, row["id"], "github", "2026-03-01", 0)
            number(connection, row["id"], "github", "2026-03-09", place)
        ask(connection, GRACE)
        assert queued(connection) == 1
        reported = digest(connection, GRACE)
        assert [project["title"] for project in reported["projects"]] == ["P7", "P6", "P5", "P4", "P3"]
        assert (reported["more"], reported["gained"]) == (3, 28)
