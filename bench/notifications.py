"""E-mails through the dispatcher, beside an older build's, SendGrid's simulator alone and a loop with the SDK, in turn.

All use the same simulator, gateway and database; the older build's functions are run with the packages of this one.

Usage: python -m bench.notifications [--beside COMMIT] [--messages 400] [--rounds 5]
"""

import argparse
import asyncio
import json
import statistics
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail as SdkMail

from bench.builds import unpack, with_functions_of
from bench.support import Spent, cpu_of_services, measuring, print_machine, print_table, running_database
from local.settings import HOST
from tests.support.ports import free_port
from tests.support.servers import running_services
from tests.support.stack import running_stack
from tests.support.vendors.sendgrid import Mail, functions_service, running_mail

AT_ONCE = 40  # requests to the simulator without a dispatcher: as many as a run has by default
DISPATCHERS = 4
QUIET = {"LOG_LEVEL": "WARNING", "NOTIFICATIONS_RUN_SECONDS": "600", "NOTIFICATIONS_SETTLE_SECONDS": "1800"}
SIGN_UPS = """
insert into auth.users (id, aud, role, email, raw_app_meta_data, raw_user_meta_data)
select gen_random_uuid(), 'authenticated', 'authenticated', 'p' || number || '@' || %(domain)s,
  '{"provider": "google"}', jsonb_build_object('provider_id', %(domain)s || number)
from generate_series(1, %(users)s) as number
"""


@dataclass(frozen=True)
class World:
    """A mail backend of this build, and the address of one dispatcher of the older one."""

    mail: Mail
    older: str
    folder: Path

    def cpu(self) -> Mapping[str, float]:
        ports = [urlsplit(url).port for url in (*self.mail.functions_urls, self.older)]
        used = cpu_of_services(
            self.folder,
            {f"--port {port}": f"--port {port}" for port in ports}
            | {"gateway": "gateway.mjs", "sendgrid": f"sendgrid={self.mail.sendgrid.base_url.port}"},
        )
        return {"functions": sum(used.pop(f"--port {port}") for port in ports), **used}


@contextmanager
def running_world(commit: str) -> Iterator[World]:
    with (
        running_database() as (cluster, url),
        running_stack(cluster, url) as stack,
        running_mail(stack, cluster, dispatchers=DISPATCHERS, **QUIET) as mail,
    ):
        mail.sendgrid.put("/_simulator/webhook", json={"url": ""}).raise_for_status()
        port = free_port()
        sendgrid = str(mail.sendgrid.base_url).rstrip("/")
        service = with_functions_of(unpack(commit), functions_service(stack, port, sendgrid, QUIET))
        with running_services([service], stack.logs, belongs_to=cluster.folder):
            yield World(mail, f"http://{HOST}:{port}", cluster.folder)


def sign_up(mail: Mail, users: int) -> str:
    """As many welcomes as users; the domain that they share."""
    domain = f"{uuid.uuid4().hex[:12]}.example.com"
    with psycopg.connect(mail.stack.database_url) as connection:
        connection.execute("delete from public.notifications")
        connection.execute(SIGN_UPS.encode(), {"domain": domain, "users": users})
    return domain


async def dispatch(mail: Mail, urls: Sequence[str]) -> None:
    """Until nothing is left."""
    async with httpx.AsyncClient(headers=mail.stack.headers("service"), timeout=900, trust_env=False) as client:
        answers = await asyncio.gather(
            *(client.post(f"{url}/functions/v1/dispatchNotifications", json={}) for url in urls)
        )
        assert sum(answer.json()["remaining"] for answer in answers) == 0, [answer.text for answer in answers]


def sent_by(world: World, urls: Sequence[str], messages: int) -> Spent:
    domain = sign_up(world.mail, messages)
    with measuring(world) as spent:
        asyncio.run(dispatch(world.mail, urls))
    assert world.mail.accepted(f"*@{domain}") == messages
    return spent


async def post_raw(mail: Mail, messages: int, body: bytes) -> None:
    """The same request so many times, by one client that does nothing else."""
    headers = {"Authorization": "Bearer SG.local", "Content-Type": "application/json"}
    limit = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=mail.sendgrid.base_url, headers=headers, trust_env=False) as client:

        async def one() -> None:
            async with limit:
                assert (await client.post("/v3/mail/send", content=body)).status_code == 202

        await asyncio.gather(*(one() for _ in range(messages)))


def sent_raw(world: World, messages: int, sample: Mapping[str, Any]) -> Spent:
    content = [{"type": "text/plain", "value": sample["text"]}, {"type": "text/html", "value": sample["html"]}]
    body = {
        "personalizations": [{"to": [{"email": "raw@example.com"}]}],
        "from": {"email": "showcase@example.com"},
        "subject": sample["subject"],
        "content": content,
    }
    with measuring(world) as spent:
        asyncio.run(post_raw(world.mail, messages, json.dumps(body).encode()))
    return spent


def sent_by_loop(world: World, messages: int, sample: Mapping[str, Any]) -> Spent:
    """What one would write first: one after another, nothing noted, nothing tried again."""
    client = SendGridAPIClient("SG.local", host=str(world.mail.sendgrid.base_url).rstrip("/"))
    with measuring(world) as spent:
        for number in range(messages):
            client.send(
                SdkMail("showcase@example.com", f"sdk{number}@example.com", "Hello", sample["text"], sample["html"])
            )
    return spent


def report(rounds: Mapping[str, Sequence[Spent]], messages: int) -> None:
    services = list(next(iter(rounds.values()))[0].cpu)
    rows = []
    for name, taken in rounds.items():
        rate = messages / statistics.median(each.seconds for each in taken)
        cpu = [statistics.median(each.cpu_per(messages)[service] for each in taken) for service in services]
        rows.append((name, rate, *cpu))
    number = len(next(iter(rounds.values())))
    title = f"{messages} e-mails, medians of {number} rounds in turn; processor time for each, ms"
    print_table(title, ("", "messages/s", *services), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", default="ef41540", metavar="COMMIT", help="the older build")
    parser.add_argument("--messages", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    messages = arguments.messages
    with running_world(arguments.beside) as world:
        urls = world.mail.functions_urls
        domain = sign_up(world.mail, 40)
        asyncio.run(dispatch(world.mail, urls))
        for url in (*urls, world.older):  # warm
            sent_by(world, [url], 100)
        (sample,) = world.mail.messages(f"p1@{domain}")
        kinds: dict[str, Callable[[], Spent]] = {
            "this build": lambda: sent_by(world, urls[:1], messages),
            arguments.beside: lambda: sent_by(world, [world.older], messages),
            f"this build, {DISPATCHERS} dispatchers": lambda: sent_by(world, urls, messages),
            f"simulator alone, {AT_ONCE} at once": lambda: sent_raw(world, messages, sample),
            "loop with the SDK, no outbox": lambda: sent_by_loop(world, messages, sample),
        }
        rounds: dict[str, list[Spent]] = {name: [] for name in kinds}
        for _ in range(arguments.rounds):
            for name, run in kinds.items():
                rounds[name].append(run())
    print_machine()
    report(rounds, messages)


if __name__ == "__main__":
    main()
