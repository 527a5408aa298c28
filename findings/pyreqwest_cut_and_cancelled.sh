#!/usr/bin/env bash
# pyreqwest 0.15.1: a connection that is closed after the request was sent raises ConnectError, as one that was refused;
# and a call whose task is cancelled (asyncio.timeout, a caller who left) goes on until its own timeout: the server does not
# see the client leave. Code that sends a message again after a ConnectError, since "nothing was sent", sends it twice.
# pyqwest 0.12.0, another binding of the same reqwest, raises RemoteProtocolError and closes the connection at once.
# Seen: pyreqwest ConnectError still open; pyqwest RemoteProtocolError closed
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyreqwest==0.15.1 pyqwest==0.12.0
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import asyncio
from datetime import timedelta

import pyqwest
from pyreqwest.client import ClientBuilder


async def look(post):
    left = asyncio.Event()

    async def close(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async def wait(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        while await reader.read(100):
            pass
        left.set()
        writer.close()

    async with await asyncio.start_server(close, "127.0.0.1", 0) as server:
        try:
            await post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        except Exception as error:
            cut = type(error).__name__
    async with await asyncio.start_server(wait, "127.0.0.1", 0) as server:
        try:
            async with asyncio.timeout(0.5):
                await post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        except TimeoutError:
            pass
        try:
            await asyncio.wait_for(left.wait(), 2)
            hung_up = "closed"
        except TimeoutError:
            hung_up = "still open"
    return f"{cut} {hung_up}"


async def main():
    one = ClientBuilder().timeout(timedelta(seconds=30)).build()
    other = pyqwest.Client(pyqwest.HTTPTransport())
    first = await look(lambda url: one.post(url).body_bytes(b"x").build().send())
    print(f"pyreqwest {first}; pyqwest {await look(lambda url: other.post(url, None, b'x'))}", flush=True)
    import os
    os._exit(0)


asyncio.run(main())
PYTHON
)
echo "$seen"
[ "$seen" = "pyreqwest ConnectError still open; pyqwest RemoteProtocolError closed" ]
