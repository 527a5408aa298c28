"""In place of PostgREST, Auth or Storage in the CLI's managed stack: is healthy, and answers what it was asked.

Run as `slim_server.py SERVICE JOURNAL [ARGUMENT...]`. JOURNAL gets a JSON line for each start:
service, arguments, environment.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HEALTH = ("/health", "/ready", "/status")
# Where each server reads its ports, as its own documentation names them.
PORTS = {
    "postgrest": ("PGRST_SERVER_PORT", "PGRST_ADMIN_SERVER_PORT"),
    "auth": ("GOTRUE_API_PORT",),
    "storage": ("STORAGE_PORT",),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = {"service": sys.argv[1], "path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}}
        # The CLI lists the buckets, and makes those of config.toml that are not there.
        answer: object = [] if (self.command, self.path) == ("GET", "/bucket") else {} if self.path in HEALTH else seen
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_GET  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    _, service, journal, *arguments = sys.argv
    with Path(journal).open("a") as lines:
        lines.write(json.dumps([service, arguments, dict(os.environ)]) + "\n")
    if arguments:  # `auth migrate` and Storage's `prepare`: the tables are there
        return
    ports = [int(os.environ[name]) for name in PORTS[service] if name in os.environ]
    servers = [ThreadingHTTPServer(("127.0.0.1", port), Handler) for port in ports]
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()


if __name__ == "__main__":
    main()
