"""What a client reads where a user would have more rows than they may."""

import psycopg

from tests.support.stack import Stack
from tests.support.users import User


def test_a_project_too_many_is_a_conflict(stack: Stack, user: User) -> None:
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(
            "insert into projects (user_id, title) select %s, 'P' || number from generate_series(1, 1000) as number",
            (user.id,),
        )
    with stack.client(user) as client:
        answer = client.post("/rest/v1/projects", json={"title": "One more"})
        assert answer.status_code == 409, answer.text
        assert answer.json() == {
            "code": "PT409",
            "message": "You may have 1000 projects at most.",
            "details": "projects",
            "hint": "Delete one first.",
        }
