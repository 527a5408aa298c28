#!/usr/bin/env bash
# functions-framework 3.10.2 with --asgi serves by Starlette and uvicorn, and imports Flask, Werkzeug and CloudEvents all the same, and
# serves from a second process below gunicorn's: `functions_framework.aio` imports the package, whose __init__ is the Flask server.
# No ASGI function uses them, and each cold start pays for them.
# Seen: flask werkzeug cloudevents starlette; answered by a child: True
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv packages
packages/bin/pip install --quiet --disable-pip-version-check functions-framework==3.10.2 flask==3.1.3 starlette==1.10.0 uvicorn==0.54.0
cat >main.py <<'PYTHON'
import os
import sys

NAMES = ("flask", "werkzeug", "cloudevents", "starlette")


async def hello(request):
    loaded = " ".join(name for name in NAMES if name in sys.modules)
    return f"{loaded}; answered by a child: {os.getpid() != int(os.environ['STARTED'])}"
PYTHON
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
bash -c 'STARTED=$$ exec packages/bin/functions-framework --asgi --source main.py --target hello --host 127.0.0.1 --port "$0"' "$port" \
  >server.log 2>&1 &
server=$!
seen=
for _ in $(seq 100); do
  seen=$(python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())' \
    "http://127.0.0.1:$port/" 2>/dev/null) && break
  sleep 0.1
done
echo "$seen"
test "$seen" = "flask werkzeug cloudevents starlette; answered by a child: True"
