"""An archive of a user's data, beside an older build's and beside reading the same by one client, in turn.

All use the same gateway, Storage and database; the older build's functions are run with the packages of this one.

Usage: python -m bench.account_export [--beside COMMIT] [--rows 20000] [--files 40] [--rounds 5]
"""

import argparse
import io
import os
import statistics
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from bench.builds import unpack, with_functions_of
from bench.support import Spent, cpu_of_services, measuring, print_machine, print_table, running_database
from local.settings import HOST
from tests.support.ports import free_port
from tests.support.servers import running_services
from tests.support.stack import Stack, running_stack
from tests.support.users import User
from tests.support.vendors.sendgrid import functions_service

FILE_BYTES = 1024 * 1024
PAGE = 500  # rows, as an archive is made
# No archive is answered again, and each is complete within its request.
SETTINGS = {"LOG_LEVEL": "WARNING", "ACCOUNT_EXPORT_AGAIN_SECONDS": "0", "ACCOUNT_EXPORT_WAIT_SECONDS": "300"}
OTHERS = {"STRIPE_SECRET_KEY": "sk_test_bench", "STRIPE_WEBHOOK_SECRETS": "whsec_bench"}


@dataclass(frozen=True)
class World:
    stack: Stack
    folder: Path
    user: User
    ports: Mapping[str, int]  # of the functions, by build

    def cpu(self) -> Mapping[str, float]:
        used = cpu_of_services(
            self.folder, {**{name: f"--port {port}" for name, port in self.ports.items()}, "gateway": "gateway.mjs"}
        )
        return {"functions": sum(used.pop(name) for name in self.ports), **used}


@contextmanager
def running(commit: str, rows: int, files: int) -> Iterator[World]:
    with running_database() as (cluster, url), running_stack(cluster, url) as stack:
        ports = {"this build": free_port(), commit: free_port()}
        this, older = (functions_service(stack, port, f"http://{HOST}:9", SETTINGS | OTHERS) for port in ports.values())
        started = [this, with_functions_of(unpack(commit), older)]
        with running_services(started, stack.logs, belongs_to=cluster.folder):
            yield World(stack, cluster.folder, fill(stack, rows, files), ports)


def fill(stack: Stack, rows: int, files: int) -> User:
    """A user of many messages and files."""
    user = stack.make_user(tier="paid")
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(
            """
            insert into public.notifications (user_id, type, dedupe_key, payload)
            select %s, 'payment_failed', 'of ' || n, jsonb_build_object('amount', n, 'currency', 'usd')
            from generate_series(1, %s) as n
            """,
            (user.id, rows),
        )
    with stack.client("service") as client:
        for number in range(files):
            path = f"/storage/v1/object/ai-assets/{user.id}/{number}.png"
            content = b"\\x89PNG" + os.urandom(FILE_BYTES)
            client.post(path, content=content, headers={"Content-Type": "image/png"}).raise_for_status()
    return user


def export(world: World, build: str, entries: int) -> Spent:
    url = f"http://{HOST}:{world.ports[build]}/functions/v1/exportAccount"
    with measuring(world) as spent:
        answer = httpx.post(url, json={}, headers=world.stack.headers(world.user), timeout=600, trust_env=False)
    assert answer.status_code == 200, answer.text
    found = [
        zipfile.ZipFile(io.BytesIO(httpx.get(part["url"], timeout=60, trust_env=False).content))
        for part in answer.json()["parts"]
    ]
    assert sum(name.startswith("files/") for part in found for name in part.namelist()) == entries
    with psycopg.connect(world.stack.database_url) as connection:
        connection.execute("update private.account_exports set finished_at = now() - interval '1 hour'")
    return spent


def read(world: World, files: int) -> Spent:
    """The pages and the files that an archive is made of, one after another; nothing is packed or stored."""
    user_id = str(world.user.id)
    with world.stack.client("service") as client, measuring(world) as spent:
        for source in client.post("/rest/v1/rpc/list_export_sources", json={}).raise_for_status().json():
            parameters = {"user_id": user_id, "source": source, "after": None, "batch": PAGE}
            while True:
                page = client.post("/rest/v1/rpc/export_account_rows", json=parameters).raise_for_status().json()
                if page["next"] is None:
                    break
                parameters["after"] = page["next"]
        for number in range(files):
            client.get(f"/storage/v1/object/ai-assets/{user_id}/{number}.png").raise_for_status()
    return spent


def report(rounds: Mapping[str, Sequence[Spent]], title: str) -> None:
    services = list(next(iter(rounds.values()))[0].cpu)
    median = statistics.median
    rows = [
        (
            name,
            median(each.seconds for each in taken),
            *(median(each.cpu[service] for each in taken) for service in services),
        )
        for name, taken in rounds.items()
    ]
    print_table(title, ("", "seconds", *services), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", default="ef41540", metavar="COMMIT", help="the older build")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with running(arguments.beside, arguments.rows, arguments.files) as world:
        kinds: dict[str, Callable[[], Spent]] = {
            "this build": lambda: export(world, "this build", arguments.files),
            arguments.beside: lambda: export(world, arguments.beside, arguments.files),
            "reading alone": lambda: read(world, arguments.files),
        }
        rounds: dict[str, list[Spent]] = {name: [] for name in kinds}
        for number in range(arguments.rounds + 1):
            for name, run in kinds.items():
                spent = run()
                if number:  # the first one warms up
                    rounds[name].append(spent)
    print_machine()
    report(
        rounds,
        f"{arguments.rows:,} rows and {arguments.files} files of 1 MB, medians of {arguments.rounds} rounds in turn; "
        "processor time in seconds",
    )


if __name__ == "__main__":
    main()
