#!/usr/bin/env bash
# aiohappyeyeballs 2.7.1: a task that is cancelled while `start_connection` ends its slower attempts goes on as if nothing had
# happened: it gets a socket, and no CancelledError. An asyncio.timeout around it whose time comes then lets the rest of its block
# go on without a limit. Whoever needs either has to compare `asyncio.current_task().cancelling()` before and after.
# Here the loop's `sock_connect` never returns for the first address, and cancels the caller when it is ended itself.
# Seen: a socket, 1 cancellation lost
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check aiohappyeyeballs==2.7.1
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import socket

from aiohappyeyeballs import start_connection

DEAD, LIVE = ("192.0.2.1", 80), ("192.0.2.2", 80)
ADDRESSES = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address) for address in (DEAD, LIVE)]


class Loop(asyncio.SelectorEventLoop):
    caller = None

    async def sock_connect(self, sock, address):
        if address == DEAD:
            try:
                await asyncio.sleep(60)
            finally:
                self.caller.cancel()


async def call():
    task = asyncio.get_running_loop().caller = asyncio.current_task()
    try:
        (await start_connection(ADDRESSES, happy_eyeballs_delay=0.01)).close()
    except asyncio.CancelledError:
        return "cancelled"
    return f"a socket, {task.cancelling()} cancellation lost"


with asyncio.Runner(loop_factory=Loop) as runner:
    print(runner.run(call()))
PYTHON
)
echo "$seen"
[ "$seen" = "a socket, 1 cancellation lost" ]
