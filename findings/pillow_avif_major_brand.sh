#!/usr/bin/env bash
# Pillow 13.0.0 opens an AVIF by its major brand alone. AVIF (v1.1, 6.2) asks for `avif` among the compatible brands, and
# ISO/IEC 14496-12, 4.3 says that those tell what a reader can do with a file: with `miaf` or `MA1B` in front, the same
# bytes are "not identified", while libavif itself and browsers show them.
# Seen: avif True, mif1 True, miaf False, MA1B False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import io
from PIL import Image, UnidentifiedImageError, _avif

target = io.BytesIO()
Image.new("RGB", (32, 24), "teal").save(target, "AVIF")
content = target.getvalue()
found = []
for brand in (b"avif", b"mif1", b"miaf", b"MA1B"):
    changed = content[:8] + brand + content[12:]
    assert b"avif" in changed[16 : int.from_bytes(changed[:4], "big")], "still compatible"
    _avif.AvifDecoder(changed, "auto", 1)  # libavif reads it
    try:
        Image.open(io.BytesIO(changed)).load()
        found.append(f"{brand.decode()} True")
    except UnidentifiedImageError:
        found.append(f"{brand.decode()} False")
print(", ".join(found))
PYTHON
)
echo "$seen"
test "$seen" = "avif True, mif1 True, miaf False, MA1B False"
