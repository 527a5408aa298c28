"""What search sorts by, as numbers come: of two platforms at once too, and without touching what stays the same."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from tests.sql.acting import ADA, Connection, superuser
from tests.sql.media.media_order import wait_for_locks
from tests.sql.metrics.metric_calls import make_project
from tests.support.database import kept_connection

LINKS = {
    "github_link": "https://github.com/ada/engine",
    "linkedin_link": "https://www.linkedin.com/feed/update/urn:li:activity:7",
}


def store(connection: Connection, project: UUID, platform: str, *, stars: int = 0, likes: int = 0) -> None:
    connection.execute(
        "insert into public.social_metrics as today (project_id, platform, stars, likes) values (%s, %s, %s, %s) "
        "on conflict (project_id, platform, recorded_at) do update set stars = excluded.stars, likes = excluded.likes",
        (project, platform, stars, likes),
    )


def entry(connection: Connection, project: UUID) -> dict[str, object]:
    found = connection.execute(
        "select stars, likes, title, totals.xmin::text as version from private.project_totals as totals "
        "join private.project_search using (project_id) where project_id = %s",
        (project,),
    ).fetchone()
    assert found is not None
    return found


def numbers(connection: Connection, project: UUID) -> tuple[object, object]:
    found = entry(connection, project)
    return found["stars"], found["likes"]


def entries_read(connection: Connection) -> int:
    """Rows of search that this session has read."""
    connection.execute("select pg_stat_force_next_flush()")
    found = connection.execute(
        "select sum(seq_tup_read + idx_tup_fetch)::int as entries from pg_stat_user_tables "
        "where relname in ('project_search', 'project_totals')"
    ).fetchone()
    assert found is not None
    return int(found["entries"])


def test_new_numbers_are_those_of_all_links_and_the_same_ones_write_nothing(database: str) -> None:
    with superuser(database) as connection:
        project = make_project(connection, **LINKS)
        store(connection, project, "github", stars=3)
        store(connection, project, "linkedin", likes=5)
        before = entry(connection, project)
        assert (before["stars"], before["likes"], before["title"]) == (3, 5, "t")
        store(connection, project, "github", stars=3)
        assert entry(connection, project) == before
        store(connection, project, "github", stars=2)
        assert numbers(connection, project) == (2, 5)


def test_a_draft_has_no_entry_until_it_is_published_with_its_numbers(database: str) -> None:
    with superuser(database) as connection:
        project = make_project(connection, status="draft", **LINKS)
        store(connection, project, "github", stars=3)
        found = connection.execute("select from private.project_search where project_id = %s", (project,))
        assert found.rowcount == 0
        connection.execute("update public.projects set status = 'published' where id = %s", (project,))
        assert numbers(connection, project) == (3, 0)


def test_of_two_platforms_at_once_neither_is_forgotten(database: str) -> None:
    with superuser(database) as connection:
        project = make_project(connection, **LINKS)

    def second(likes: int) -> None:
        with superuser(database) as connection:
            store(connection, project, "linkedin", likes=likes)

    with ThreadPoolExecutor(1) as pool:
        with kept_connection(database, autocommit=False) as first:
            store(first, project, "github", stars=3)
            waiting = pool.submit(second, 5)
            wait_for_locks(database)
        waiting.result()
    with superuser(database) as connection:
        assert numbers(connection, project) == (3, 5)


def test_new_words_at_the_same_time_keep_new_numbers(database: str) -> None:
    with superuser(database) as connection:
        project = make_project(connection, **LINKS)

    def rename() -> None:
        with superuser(database) as connection:
            connection.execute("update public.projects set title = 'Engine' where id = %s", (project,))

    with ThreadPoolExecutor(1) as pool:
        with kept_connection(database, autocommit=False) as first:
            store(first, project, "github", stars=3)
            waiting = pool.submit(rename)
            wait_for_locks(database)
        waiting.result()
    with superuser(database) as connection:
        found = entry(connection, project)
        assert (found["stars"], found["title"]) == (3, "engine")


def test_one_new_number_reads_its_own_entry_however_many_there_are(database: str) -> None:
    with superuser(database) as connection:
        connection.execute("alter table public.projects disable trigger update_search_of_new")
        connection.execute(
            "insert into public.projects (user_id, title, status) "
            "select %s, 'P' || number, 'published' from generate_series(1, 3000) as number",
            (ADA,),
        )
        connection.execute("alter table public.projects enable trigger update_search_of_new")
        connection.execute(
            "insert into private.project_search "
            "(project_id, document, tags, technologies, published_at, title, names) "
            "select id, '', '{}', '{}', published_at, title, title from public.projects "
            "where status = 'published' on conflict do nothing"
        )
        connection.execute(
            "insert into private.project_totals (project_id, stars, likes) "
            "select project_id, 0, 0 from private.project_search on conflict do nothing"
        )
        connection.execute("analyze private.project_search, private.project_totals")
        project = make_project(connection, **LINKS)
        before = entries_read(connection)
        store(connection, project, "github", stars=3)
        assert 1 <= entries_read(connection) - before < 10
        assert numbers(connection, project) == (3, 0)
