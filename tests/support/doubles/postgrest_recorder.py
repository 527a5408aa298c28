"""In place of a PostgREST: answers each request with what it was given, configuration and request, as JSON.

It shows how the stack runs such a program; how PostgREST itself answers is not tested by it.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Recorder(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        configuration = {name: value for name, value in os.environ.items() if name.startswith("PGRST_")}
        given = {"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body}
        answer = json.dumps({**given, "configuration": configuration}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 the names that http.server asks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def serve(kind: str) -> ThreadingHTTPServer:
    address = os.environ[f"PGRST_{kind}SERVER_HOST"], int(os.environ[f"PGRST_{kind}SERVER_PORT"])
    return ThreadingHTTPServer(address, Recorder)


if __name__ == "__main__":
    if sys.argv[1:] == ["--version"]:
        print("PostgREST 16.2 (recorder)")  # noqa: T201
    else:
        threading.Thread(target=serve("ADMIN_").serve_forever, daemon=True).start()
        serve("").serve_forever()
