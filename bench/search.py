"""search_projects over 100,000 projects, beside a plain indexed filter of PostgREST at the same limit.

In turn on one connection each, through the gateway: medians of each kind's requests, and Postgres' processor time.

Usage: python -m bench.search [--projects 100000] [--rounds 5]
"""

import argparse
import http.client
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bench.support import Backend, measuring, print_machine, print_table, running_backend
from tests.support.users import make_user

LIMIT = 20
REQUESTS = 40  # of a kind, in a round
OWNER = "users(username,name,avatar_url)"
COLUMNS = f"id,user_id,slug,title,short_summary,published_at,{OWNER}"
EVERYTHING = f"{COLUMNS},project_tags(tag),project_technologies(technology),latest_metrics(stars,likes)"
NEWEST = f"status=eq.published&order=published_at.desc&limit={LIMIT}"
PLAIN = "plain filter: status, newest"
# What a client would ask for without search_projects: the same members, by the same index.
SAME = "plain filter, all that a search answers"

# Words of every frequency: `word1` is in most projects, `word2000` in a few; `common` in all, `needle` in one of 5,000.
FILL = """
insert into public.projects (user_id, title, short_summary, status, published_at, created_at)
select (%(users)s::uuid[])[1 + n %% cardinality(%(users)s::uuid[])],
  format('Word%%s word%%s %%s', (2000 ^ random())::int, (2000 ^ random())::int, n),
  format('A common project of word%%s and word%%s%%s', (2000 ^ random())::int, (2000 ^ random())::int,
    case when n %% 5000 = 7 then ' needle' else '' end),
  'published', now() - n * interval '1 minute', now() - n * interval '1 minute'
from generate_series(1, %(projects)s) as n
"""


@dataclass
class Measured:
    """Of one kind of request: milliseconds of each, and of Postgres' processor time for each, by round."""

    milliseconds: list[float] = field(default_factory=list)
    postgres: list[float] = field(default_factory=list)
    rows: int = 0


def fill(backend: Backend, projects: int) -> str:
    """The id of one of the owners."""
    users = [make_user(backend.database_url, "secret", backend.url).id for _ in range(100)]
    with psycopg.connect(backend.database_url, autocommit=True) as connection:
        connection.execute("select setseed(0.5)")
        # The entries are made in one call, not by the triggers of each row.
        triggers = {
            "projects": "update_search_of_new",
            "project_tags": "update_search_of_added",
            "social_metrics": "store_totals_of_added",
        }
        for table, trigger in triggers.items():
            connection.execute(f"alter table public.{table} disable trigger {trigger}".encode())
        connection.execute(FILL, {"users": users, "projects": projects})
        connection.execute(
            "insert into public.project_tags select id, 'tag' || (200 ^ random())::int from public.projects"
        )
        connection.execute(
            """
            insert into public.social_metrics (project_id, platform, stars)
            select id, 'github', (10000 ^ random())::int from public.projects where random() < 0.3
            """
        )
        connection.execute("select private.index_projects(array(select id from public.projects))")
        connection.execute("update private.project_totals set stars = (10000 ^ random())::int")
        connection.execute("vacuum analyze")
    return str(users[0])


def kinds(owner: str) -> Mapping[str, str | Mapping[str, Any]]:
    """Paths of plain reads, and arguments of searches."""
    words = {"in all": "common", "in most": "word1", "in 1 of 20": "word12", "in 1 of 200": "word90", "in 20": "needle"}
    searches = {
        f"{sort}: {name}": {"query": word, "sort": sort}
        for sort in ("relevance", "newest", "stars")
        for name, word in words.items()
    }
    return {
        PLAIN: f"projects?select={COLUMNS}&{NEWEST}",
        "plain filter: status and owner": f"projects?select={COLUMNS}&user_id=eq.{owner}&{NEWEST}",
        SAME: f"projects?select={EVERYTHING}&{NEWEST}",
        "plain filter, the same of a tag": (
            f"projects?select={EVERYTHING},of:project_tags!inner()&of.tag=eq.tag20&{NEWEST}"
        ),
        **searches,
        "relevance: three words": {"query": "common word3 word12"},
        "relevance: either": {"query": "word90 or needle"},
        "relevance: word and tag": {"query": "word1", "tags": ["tag20"]},
        "newest: tag": {"tags": ["tag20"]},
        "newest: everything": {},
        "relevance: misspelled": {"query": "wword1900 wrod77"},
        "relevance: in nothing": {"query": "zzyzx"},
    }


def ask(connection: http.client.HTTPConnection, key: str, wanted: str | Mapping[str, Any]) -> int:
    """How many rows came."""
    headers = {"apikey": key, "Content-Type": "application/json"}
    if isinstance(wanted, str):
        connection.request("GET", f"/rest/v1/{wanted}", headers=headers)
    else:
        body = json.dumps({**wanted, "limit": LIMIT})
        connection.request("POST", "/rest/v1/rpc/search_projects", body=body, headers=headers)
    response = connection.getresponse()
    answer = response.read()
    assert response.status == 200, answer
    rows = json.loads(answer)
    return len(rows if isinstance(rows, list) else rows["projects"])


def measure(projects: int, rounds: int) -> dict[str, Measured]:
    found: dict[str, Measured] = defaultdict(Measured)
    with running_backend() as backend:
        wanted = kinds(fill(backend, projects))
        connection = http.client.HTTPConnection(urlsplit(backend.url).netloc)
        for turn in range(rounds + 1):  # the first fills the caches
            for name, one in wanted.items():
                taken = []
                with measuring(backend) as spent:
                    for _ in range(REQUESTS):
                        start = time.perf_counter()
                        found[name].rows = ask(connection, backend.publishable_key, one)
                        taken.append((time.perf_counter() - start) * 1000)
                if turn > 0:
                    found[name].milliseconds += taken
                    found[name].postgres.append(spent.cpu_per(REQUESTS)["postgres"])
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--projects", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    found = measure(arguments.projects, arguments.rounds)
    plain, same = (statistics.median(found[name].milliseconds) for name in (PLAIN, SAME))
    print_machine()
    print_table(
        f"{arguments.projects:,} projects, {LIMIT} a page, one connection, {arguments.rounds} rounds of {REQUESTS}",
        ("", "rows", "median, ms", "of the plain filter", "of the same content", "Postgres, ms"),
        [_row(name, one, plain, same) for name, one in found.items()],
    )


def _row(name: str, one: Measured, plain: float, same: float) -> tuple[object, ...]:
    middle = statistics.median(one.milliseconds)
    return name, one.rows, middle, middle / plain, middle / same, statistics.median(one.postgres)


if __name__ == "__main__":
    main()
