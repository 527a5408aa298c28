"""Runs the services side by side in one event loop, each with its restarter; when one is given up, all end."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from local.console import done
from local.postgres.cluster import Cluster
from local.settings import ROOT
from local.stack.child_process import run_command
from local.stack.output import Output
from local.stack.postgres_service import run_postgres
from local.stack.process_exit import ended
from local.stack.process_tree import mark
from local.stack.reaper import Reaper
from local.stack.restarter import keep_running
from local.stack.services import Service

READY_SECONDS = 180.0


class Supervisor:
    """`problem` says, once `run` has returned, why it did; empty: it was asked to."""

    def __init__(
        self,
        services: Sequence[Service],
        cluster: Cluster | None,
        state: Path,
        reaper: Reaper,
        when_ready: Callable[[], None],
        once: Sequence[Service] = (),  # run one after the other when all others are ready; their failures stop nothing
    ) -> None:
        self.problem = ""
        self._services = services
        self._cluster = cluster
        self._state = state
        self._reaper = reaper
        self._when_ready = when_ready
        self._once = once
        self._stopping = asyncio.Event()

    def run(self) -> None:
        """Until Ctrl-C or SIGTERM, or until a service is given up."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        for order in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(order, self._stopping.set)
        names = [each.name for each in (*self._services, *self._once)]
        output = Output(self._state / "logs" / "stack.log", ["postgres", *names])
        tasks = [asyncio.create_task(work) for work in self._work(output)]
        for task in tasks:
            task.add_done_callback(self._stop_on_failure)
        await self._stopping.wait()
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
        output.close()

    def _stop_on_failure(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._stopping.set()

    def _work(self, output: Output) -> list[Coroutine[Any, Any, None]]:
        work = [self._watch_reaper(), self._wait_until_ready(output)]
        if self._cluster is not None:
            say = partial(output.write, "postgres")
            work.append(self._keep("postgres", partial(run_postgres, self._cluster, say), say))
        for each in self._services:
            run_once = partial(self._run_once, each, output)
            work.append(self._keep(each.name, run_once, partial(output.write, each.name)))
        return work

    async def _run_once(self, service: Service, output: Output) -> int:
        environment = {**service.environment, **mark(self._state)}
        return await run_command(service.command, environment, ROOT, partial(output.write, service.name))

    async def _keep(self, name: str, run_once: Callable[[], Awaitable[int]], say: Callable[[str], None]) -> None:
        code = await keep_running(run_once, say)
        self._give_up(f"{name} could not go on (rc={code}): everything was stopped. Its last lines are above.")

    async def _watch_reaper(self) -> None:
        await ended(self._reaper.pid)
        self._give_up("The reaper was killed: everything was stopped.")

    async def _wait_until_ready(self, output: Output) -> None:
        start = time.monotonic()
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            for service in self._services:
                while service.ready_url and not await _answers(client, service.ready_url):
                    if time.monotonic() - start > READY_SECONDS:
                        return self._give_up(
                            f"{service.name} was not ready after {READY_SECONDS:.0f} s. See its lines above."
                        )
                    await asyncio.sleep(0.1)
        print(done("all services ready", time.monotonic() - start), flush=True)
        self._when_ready()
        for service in self._once:
            await self._run_once(service, output)
        return None

    def _give_up(self, problem: str) -> None:
        # The first is the cause of what follows.
        self.problem = self.problem or problem
        self._stopping.set()


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).is_success
    except httpx.HTTPError:
        return False
