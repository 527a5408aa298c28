"""The gateway on a database of the recorded schema and rows: one of each for every test process."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psycopg
import pytest

from local.settings import Settings
from local.stack.services import api
from tests.postgrest.callers import headers_of
from tests.postgrest.comparison import answer_of
from tests.postgrest.recording import Answer, Exchange
from tests.postgrest.rows import Rows, fill
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.ports import free_port
from tests.support.servers import running_services
from tests.support.stack import free_settings, state_folder

RECORDED = "template_recorded"


@dataclass(frozen=True)
class Rest:
    """/rest/v1 as clients reach it."""

    settings: Settings
    http: httpx.Client
    rows: Rows

    def replay(self, exchange: Exchange) -> Answer:
        """The answer to a recorded request; the rows that it changed are put back."""
        request = self.http.build_request(exchange.method, "/rest/v1/", content=exchange.body)
        request.headers.update({**headers_of(exchange.caller, self.settings), **exchange.headers})
        # As it was sent: a client would normalise it.
        request.extensions = {**request.extensions, "target": f"/rest/v1/{exchange.target}".encode()}
        response = self.http.send(request)
        return answer_of(response, self.rows.restore() if exchange.writes else {})


@pytest.fixture(scope="session")
def rest(cluster: TestCluster) -> Iterator[Rest]:
    cluster.make_template(RECORDED, fill)
    ports = {"postgrest_port": free_port(), "postgrest_admin_port": free_port()}
    named = {"postgrest": os.environ.get("POSTGREST", ""), **ports}
    settings = free_settings(state_folder(cluster), vendors=()).model_copy(update=named)
    with (
        cluster.copy(RECORDED) as url,
        running_services(api(settings, url), settings.logs, belongs_to=cluster.folder),
        plain_http.Client(base_url=settings.gateway_url, timeout=30, trust_env=False) as http,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        http.headers = httpx.Headers({"Accept": "*/*", "Accept-Encoding": "identity"})
        yield Rest(settings, http, Rows(connection))
