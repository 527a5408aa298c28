"""Supabase's own servers in containers, for the tests' stack with STACK=docker."""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

import docker
import jwt
import psycopg
from docker.errors import DockerException
from psycopg import sql
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import HttpWaitStrategy

from local.postgres import migrations
from tests.support.supabase_stack import Servers

START_SECONDS = 120
# The tags that the locked Supabase CLI starts; each may be replaced, e.g. DOCKER_POSTGRES_IMAGE=...
IMAGES = {
    "postgres": "supabase/postgres:17.11.0.018",
    "auth": "supabase/gotrue:v2.197.0",
    "rest": "postgrest/postgrest:v16.5",
    "storage": "supabase/storage-api:v1.90.1",
}


def image(name: str) -> str:
    return os.environ.get(f"DOCKER_{name.upper()}_IMAGE") or IMAGES[name]


@cache
def why_not() -> str:
    """Why nothing can be run in containers here; empty where it can. Asks the engine once, and briefly."""
    try:
        docker.from_env(timeout=3).ping()
    except DockerException as error:
        return f"STACK=docker needs a Docker engine, and none answers: {type(error).__name__}"
    return ""


@cache
def why_no_image(name: str) -> str:
    """Why this image cannot be run; empty where it is here, or could be fetched."""
    client = docker.from_env()
    try:
        client.images.get(name)
    except docker.errors.ImageNotFound:
        try:
            client.images.pull(name)
        except DockerException as error:
            return f"The image {name} is not here, and cannot be pulled: {type(error).__name__}"
    return ""


@contextmanager
def running_servers(
    jwt_secret: str, site_url: str, prepare: Callable[[str], object] = lambda _: None
) -> Iterator[Servers]:
    """All four on a network of their own, with the migrations and the demo rows; nothing is left of them.

    `prepare` is given the database's URL before the migrations, for images that lack what Auth and Storage make there.
    """
    password = secrets.token_urlsafe(24)
    with ExitStack() as running:
        network = running.enter_context(Network())
        db = running.enter_context(_postgres(network, password, jwt_secret))
        address = f"{db.get_container_host_ip()}:{db.get_exposed_port(5432)}"
        url = f"postgresql://postgres:{password}@{address}/postgres"
        _let_servers_in(f"postgresql://supabase_admin:{password}@{address}/postgres", password)
        auth = running.enter_context(_auth(network, password, jwt_secret, site_url))
        storage = running.enter_context(_storage(network, password, jwt_secret))
        prepare(url)
        migrations.push(url)  # what Auth and Storage keep is there by now
        rest = running.enter_context(_rest(network, password, jwt_secret))
        yield Servers(url, _address(auth, 9999), _address(rest, 3000), _address(storage, 5000))


def _postgres(network: Network, password: str, jwt_secret: str) -> DockerContainer:
    container = _container("postgres", network, 5432)
    return container.with_envs(POSTGRES_PASSWORD=password, JWT_SECRET=jwt_secret)


def _auth(network: Network, password: str, jwt_secret: str, site_url: str) -> DockerContainer:
    container = _container("auth", network, 9999).waiting_for(
        HttpWaitStrategy(9999, "/health").with_startup_timeout(START_SECONDS)
    )
    return container.with_envs(
        GOTRUE_API_HOST="0.0.0.0",  # noqa: S104 - in its container
        GOTRUE_API_PORT="9999",
        API_EXTERNAL_URL="http://127.0.0.1",
        GOTRUE_DB_DRIVER="postgres",
        GOTRUE_DB_DATABASE_URL=_inside("supabase_auth_admin", password),
        GOTRUE_SITE_URL=site_url,
        GOTRUE_JWT_SECRET=jwt_secret,
        GOTRUE_JWT_AUD="authenticated",
        GOTRUE_JWT_DEFAULT_GROUP_NAME="authenticated",
        GOTRUE_JWT_ADMIN_ROLES="service_role",
        GOTRUE_EXTERNAL_EMAIL_ENABLED="false",
        GOTRUE_HOOK_BEFORE_USER_CREATED_ENABLED="true",
        GOTRUE_HOOK_BEFORE_USER_CREATED_URI="pg-functions://postgres/private/before_user_created",
    )


def _storage(network: Network, password: str, jwt_secret: str) -> DockerContainer:
    container = _container("storage", network, 5000).waiting_for(
        HttpWaitStrategy(5000, "/status").with_startup_timeout(START_SECONDS)
    )
    return container.with_envs(
        ANON_KEY=_token("anon", jwt_secret),
        SERVICE_KEY=_token("service_role", jwt_secret),
        AUTH_JWT_SECRET=jwt_secret,
        DATABASE_URL=_inside("supabase_storage_admin", password),
        FILE_SIZE_LIMIT=str(50 * 1024 * 1024),
        STORAGE_BACKEND="file",
        FILE_STORAGE_BACKEND_PATH="/var/lib/storage",
        TENANT_ID="local",
        REGION="local",
        GLOBAL_S3_BUCKET="local",
    )


def _rest(network: Network, password: str, jwt_secret: str) -> DockerContainer:
    container = _container("rest", network, 3000).waiting_for(
        HttpWaitStrategy(3000, "/").with_startup_timeout(START_SECONDS)
    )
    return container.with_envs(
        PGRST_DB_URI=_inside("authenticator", password),
        PGRST_DB_SCHEMAS="public",
        PGRST_DB_EXTRA_SEARCH_PATH="public,extensions",
        PGRST_DB_ANON_ROLE="anon",
        PGRST_DB_MAX_ROWS="1000",
        PGRST_JWT_SECRET=jwt_secret,
    )


def _let_servers_in(administrator_url: str, password: str) -> None:
    """The image makes the roles that its neighbours sign in as without passwords; its `postgres` may not alter them."""
    with _first_connection(administrator_url) as connection:
        for role in ("authenticator", "supabase_auth_admin", "supabase_storage_admin"):
            statement = sql.SQL("alter role {} with login password {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))


def _first_connection(url: str) -> psycopg.Connection:
    """When the server takes one: a port that is open proves nothing, since the engine itself opens it."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return psycopg.connect(url, connect_timeout=5)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _container(name: str, network: Network, port: int) -> DockerContainer:
    return DockerContainer(image(name)).with_network(network).with_network_aliases(name).with_exposed_ports(port)


def _inside(role: str, password: str) -> str:
    return f"postgres://{role}:{password}@postgres:5432/postgres"


def _address(container: DockerContainer, port: int) -> str:
    return f"http://{container.get_container_host_ip()}:{container.get_exposed_port(port)}"


def _token(role: str, jwt_secret: str) -> str:
    return jwt.encode({"role": role, "iss": "supabase", "exp": 4102444800}, jwt_secret, algorithm="HS256")
