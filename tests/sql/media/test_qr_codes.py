"""QR codes: so many of each target, and everybody's made again in turn."""

from uuid import UUID

from tests.sql.acting import ADA, ENGINE, GRACE, Connection, superuser


def record(connection: Connection, user: UUID, number: int, project: UUID | None = None) -> str:
    name = f"{user}/{project or 'profile'}/{number}.png"
    connection.execute(
        "select public.record_qr_code(%s, %s, %s, 'https://old.example/', 'somebody', '{}')", (user, project, name)
    )
    return name


def take(connection: Connection, batch: int) -> list[str]:
    query = (
        "select jsonb_array_elements(public.lease_stale_qr_codes(%s, 'https://a/', 'https://a/')) ->> 'name' as name"
    )
    return [row["name"] for row in connection.execute(query, (batch,)).fetchall()]


def test_the_newest_looks_of_each_target_stay(database: str) -> None:
    with superuser(database) as connection:
        others = {record(connection, GRACE, 0), *(record(connection, ADA, number, ENGINE) for number in range(3))}
        names = [record(connection, ADA, number) for number in range(25)]
        there = {row["name"] for row in connection.execute("select name from private.qr_codes").fetchall()}
        going = {row["name"] for row in connection.execute("select name from private.file_removals").fetchall()}
    assert there == others | set(names[5:])
    assert going == set(names[:5])


def test_who_has_many_keeps_nobody_waiting(database: str) -> None:
    with superuser(database) as connection:
        for number in range(20):
            record(connection, ADA, number)
        last = record(connection, GRACE, 0)
        assert last in take(connection, 2)
        assert len(take(connection, 50)) == 21, "what was taken and not made comes again"
