"""What a client reads where a person would have more rows than they may."""

import psycopg

from tests.support.people import Person
from tests.support.stack import Stack


def test_a_project_too_many_is_a_conflict(stack: Stack, person: Person) -> None:
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(
            "insert into projects (user_id, title) select %s, 'P' || number from generate_series(1, 1000) as number",
            (person.id,),
        )
    with stack.client(person) as client:
        answer = client.post("/rest/v1/projects", json={"title": "One more"})
        assert answer.status_code == 409, answer.text
        assert answer.json() == {
            "code": "PT409",
            "message": "You may have 1000 projects at most.",
            "details": "projects",
            "hint": "Delete one first.",
        }
