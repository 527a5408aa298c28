"""A project with something everywhere, its archive, and an empty project."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.support.backups import Filled, backed_up, empty_stack, put
from tests.support.cluster import MIGRATED, TestCluster
from tests.support.files.pictures import image
from tests.support.populated_users import fill
from tests.support.sign_in import register, signed_in
from tests.support.stack import Stack, running_stack
from tests.support.users import User

ODD = "tab\there, line\nhere, \\N and \\. and \u2603 \U0001f600 'quoted' \"twice\""
ODD_NAMES = ["a b (1).png", "plus+and&comma,.png", "deep/er/than/that/e'.png", "$@=;:!*.png"]


@pytest.fixture(scope="package")
def filled(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    archive = tmp_path_factory.mktemp("backups") / "one.tar.age"
    with cluster.copy(MIGRATED) as url, running_stack(cluster, url) as stack:
        google_id = register(stack, email="bea@example.com", name="Bea")
        with signed_in(stack, google_id):
            pass
        user = stack.make_user(tier="paid")
        fill(stack, user, "cus_backup", "sub_backup")
        add_oddities(stack, user)
        backed_up(stack, archive)
        yield Filled(stack, google_id, archive)


@pytest.fixture
def empty(cluster: TestCluster) -> Iterator[Stack]:
    with empty_stack(cluster) as stack:
        yield stack


def add_oddities(stack: Stack, user: User) -> None:
    with psycopg.connect(stack.database_url) as connection:
        # More rows than fit into one piece.
        connection.execute(
            """
            insert into public.ai_sessions (user_id, status, input_json)
            select %s, 'done', %s from generate_series(1, 80)
            """,
            (user.id, Jsonb({"prompt": ODD * 1000})),
        )
        connection.execute("update public.projects set description = %s where user_id = %s", (ODD, user.id))
        connection.execute("select setval('private.stripe_versions', 4711)")
        # As somebody may do in the dashboard.
        connection.execute(
            "alter publication supabase_realtime add table public.layouts (id, name) where (name <> 'order')"
        )
    for name in ODD_NAMES:
        put(stack, user, name, image("PNG"))
    put(stack, user, "empty.png", b"")
    with psycopg.connect(stack.database_url) as connection:  # more is stored than may be
        connection.execute("update public.storage_quotas set max_bytes = 1 where tier = 'paid'")
