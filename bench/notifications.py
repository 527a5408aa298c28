"""E-mails through the dispatcher, beside what SendGrid's simulator takes without it, and beside a loop with the SDK.

Usage: python -m bench.notifications [--messages 1000]
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail as SdkMail

from bench.support import print_machine, print_table
from tests.support.cluster import MIGRATED, TestCluster
from tests.support.stack import running_stack
from tests.support.vendors.sendgrid import Mail, running_mail

AT_ONCE = 40  # requests to the simulator without a dispatcher: as many as a run has by default
SDK_SAMPLE = 200
SIGN_UPS = """
insert into auth.users (id, aud, role, email, raw_app_meta_data, raw_user_meta_data)
select gen_random_uuid(), 'authenticated', 'authenticated', 'p' || number || '@' || %(domain)s,
  '{"provider": "google"}', jsonb_build_object('provider_id', %(domain)s || number)
from generate_series(1, %(users)s) as number
"""


@contextmanager
def running() -> Iterator[Mail]:
    folder = Path(tempfile.mkdtemp(prefix="showcase-bench-"))
    folder.chmod(0o755)  # the database server may run as another user
    cluster = TestCluster(folder, os.getpid())
    quiet = {"LOG_LEVEL": "WARNING", "NOTIFICATIONS_RUN_SECONDS": "600", "NOTIFICATIONS_SETTLE_SECONDS": "1800"}
    try:
        with (
            cluster.copy(MIGRATED) as url,
            running_stack(cluster, url) as stack,
            running_mail(stack, cluster, dispatchers=4, **quiet) as mail,
        ):
            yield mail
    finally:
        cluster.stop()


def sign_up(mail: Mail, users: int) -> str:
    """As many welcomes as users; the domain that they share."""
    domain = f"{uuid.uuid4().hex[:12]}.example.com"
    with psycopg.connect(mail.stack.database_url) as connection:
        connection.execute("delete from public.notifications")
        connection.execute(SIGN_UPS.encode(), {"domain": domain, "users": users})
    return domain


async def dispatch(mail: Mail, dispatchers: int) -> float:
    """Seconds until nothing is left."""
    headers = mail.stack.headers("service")
    async with httpx.AsyncClient(headers=headers, timeout=900, trust_env=False) as client:
        start = time.perf_counter()
        urls = [f"{url}/functions/v1/dispatchNotifications" for url in mail.functions_urls[:dispatchers]]
        answers = await asyncio.gather(*(client.post(url, json={}) for url in urls))
        assert sum(answer.json()["remaining"] for answer in answers) == 0, [answer.text for answer in answers]
        return time.perf_counter() - start


async def post_raw(mail: Mail, messages: int, body: bytes) -> float:
    """Seconds to hand the same request over so many times, by one client that does nothing else."""
    headers = {"Authorization": "Bearer SG.local", "Content-Type": "application/json"}
    limit = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=mail.sendgrid.base_url, headers=headers, trust_env=False) as client:

        async def one() -> None:
            async with limit:
                assert (await client.post("/v3/mail/send", content=body)).status_code == 202

        start = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(messages)))
        return time.perf_counter() - start


def loop_with_sdk(mail: Mail, text: str, html: str) -> float:
    """What one would write first: one after another, nothing noted, nothing tried again."""
    client = SendGridAPIClient("SG.local", host=str(mail.sendgrid.base_url).rstrip("/"))
    start = time.perf_counter()
    for number in range(SDK_SAMPLE):
        client.send(SdkMail("showcase@example.com", f"sdk{number}@example.com", "Hello", text, html))
    return time.perf_counter() - start


def main(messages: int) -> None:
    print_machine()
    rows: list[tuple[object, ...]] = []
    with running() as mail:
        asyncio.run(dispatch_once(mail))
        domain = ""
        for dispatchers in (1, 2, 4):
            domain = sign_up(mail, messages)
            seconds = asyncio.run(dispatch(mail, dispatchers))
            assert mail.accepted(f"*@{domain}") == messages
            name = "dispatchers" if dispatchers > 1 else "dispatcher"
            rows.append((f"{dispatchers} {name}, events reported meanwhile", messages, seconds, messages / seconds))
        (sample,) = mail.messages(f"p1@{domain}")
        content = [{"type": "text/plain", "value": sample["text"]}, {"type": "text/html", "value": sample["html"]}]
        body = {
            "personalizations": [{"to": [{"email": "raw@example.com"}]}],
            "from": {"email": "showcase@example.com"},
            "subject": sample["subject"],
            "content": content,
        }
        mail.sendgrid.put("/_simulator/webhook", json={"url": ""}).raise_for_status()
        seconds = asyncio.run(post_raw(mail, messages, json.dumps(body).encode()))
        rows.append((f"simulator alone, {AT_ONCE} at once, no events", messages, seconds, messages / seconds))
        seconds = loop_with_sdk(mail, sample["text"], sample["html"])
        rows.append(("loop with the SDK, no outbox", SDK_SAMPLE, seconds, SDK_SAMPLE / seconds))
    print_table("E-mails through sendgrid's simulator", ("", "messages", "seconds", "messages/s"), rows)


async def dispatch_once(mail: Mail) -> None:
    """Warm up."""
    sign_up(mail, 20)
    await dispatch(mail, 4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1000)
    main(parser.parse_args().messages)
