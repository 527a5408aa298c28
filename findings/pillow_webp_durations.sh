#!/usr/bin/env bash
# Pillow 13.0.0: after seek() an animated WebP's or AVIF's info["duration"] is that of a frame that was loaded before, or
# missing; only load() sets the frame's own. With GIF, seek() is enough. Code that collects durations in a loop of seek()
# gets wrong ones, and saves an animation that plays at another speed.
# Seen: GIF [1000, 50, 50, 3000], WEBP [None, None, None, None], AVIF [None, None, None, None]; loaded, all are the first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import io
from PIL import Image

TIMES = [1000, 50, 50, 3000]
frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue", "white")]
found = []
for kind in ("GIF", "WEBP", "AVIF"):
    target = io.BytesIO()
    frames[0].save(target, kind, save_all=True, append_images=frames[1:], duration=TIMES)
    for loads in (False, True):
        image = Image.open(io.BytesIO(target.getvalue()))
        durations = []
        for number in range(4):
            image.seek(number)
            if loads:
                image.load()
            durations.append(image.info.get("duration"))
        if loads:
            assert [round(duration) for duration in durations] == TIMES, durations
        else:
            found.append(f"{kind} {durations}")
print(", ".join(found))
PYTHON
)
echo "$seen"
test "$seen" = "GIF [1000, 50, 50, 3000], WEBP [None, None, None, None], AVIF [None, None, None, None]"
