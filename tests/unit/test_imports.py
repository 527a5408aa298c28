"""The architecture, read from the syntax trees: which module may import which, and what an entry point loads."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from showcase.routes import ENDPOINTS, entry_point_name

FUNCTIONS = Path(__file__).parents[2] / "functions"
PACKAGE = FUNCTIONS / "showcase"
# Folders of the core, which every capability may import.
CORE = ("observability", "outbound")
CAPABILITIES = {path.parent.name for path in PACKAGE.glob("*/__init__.py")} - set(CORE)

# Folders inside a capability; their modules have layers of their own.
FOLDERS = ("checks", "formats", "page", "vendors")
MODULES = sorted(
    path
    for pattern in ("*/*.py", *(f"*/{folder}/*.py" for folder in FOLDERS))
    for path in PACKAGE.glob(pattern)
    if path.stem != "__init__" and path.parent.name not in CORE
)

# What only calculates: these import each other, and nothing that reaches out of the process.
RULES = {
    *("avif", "block_props", "block_types", "blocks", "captions", "card", "coded_image"),
    *("colours", "content", "decoding", "domain", "ebml", "emails"),
    *("event_types", "exif", "extents", "formatting", "gif", "heif", "icc"),
    *("isobmff", "jpeg", "json_schema", "mp4_fragments", "mp4_layout", "mp4_samples", "objects"),
    *("orientation", "png", "prompt_leaks", "renditions", "shapes", "stream_parser", "template_context"),
    *("unsubscribe_pages", "videos", "webm", "webp", "work_budget"),
}
# Data flows one way: a module imports only what stands below it, of its own capability, and the shared core.
LAYERS = [
    {"handlers"},
    {"confirmation"},
    {"assistant", "checkout", "customers", "deletion", "export", "reconciliation", "refresh_project", "validation"},
    {"archive", "composer", "design_context", "dispatcher", "events", "qr_codes", "refresh_due", "sse", "sweep"},
    {"sync"},
    {"dependencies"},
    {"batching", "jobs"},
    # who speaks to a vendor, and who checks what it signed
    {"github", "hero_images", "linkedin", "mailer", "openai_api", "signature", "stripe_api", "x"},
    {"openai_http", "qr_image", "stripe_http"},
    {"images", "unsubscribe_tokens", "prompt", "rendering", "row_writers", "_http"},
    {"bounded", "bounded_job", "heic", "posters", "store"},
    {"client", "errors", "refusals", "schemas", "settings"},
    RULES,
]
# Modules, or single names where the rest of the module could reach out.
WITHOUT_IO = {
    *("array", "base64", "binascii", "bisect", "collections", "dataclasses", "datetime", "decimal", "enum"),
    *("functools", "hashlib", "html", "itertools", "json", "operator", "random", "re", "struct", "textwrap"),
    *("typing", "unicodedata", "uuid", "collections.abc", "http.HTTPStatus", "io", "mmap.mmap", "sys.byteorder"),
    *("urllib.parse", "zlib"),
    *("PIL", "pydantic", "segno", "typing_extensions"),
    *("showcase.contrast", "showcase.errors", "showcase.http.RequestModel"),
}


def imports_of(path: Path) -> set[str]:
    """Every name that is imported, in full: `showcase.errors.NotFound`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports by a relative name"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def capability_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def imported_modules(path: Path) -> set[str]:
    """The modules of its own capability that a module imports; it may import no other capability's."""
    names = [name.split(".") for name in imports_of(path)]
    ours = [name for name in names if name[0] == "showcase" and (len(name) == 1 or name[1] in CAPABILITIES)]
    assert {tuple(name[:2]) for name in ours} <= {("showcase", capability_of(path))}
    assert all(len(name) > 2 for name in ours), "name the module, not the package"
    inside = [[part for part in name[2:] if part not in FOLDERS] for name in ours]
    return {name[0] for name in inside}


def module_id(path: Path) -> str:
    return f"{capability_of(path)}.{path.stem}"


def layer_of(module: str) -> int:
    kind = "handlers" if module.endswith("_handlers") else module
    [layer] = [number for number, modules in enumerate(LAYERS) if kind in modules]
    return layer


def test_every_module_has_one_layer() -> None:
    named = sorted(name for layer in LAYERS for name in layer)
    assert named == sorted({path.stem for path in MODULES if not path.stem.endswith("_handlers")})


@pytest.mark.parametrize("path", MODULES, ids=module_id)
def test_a_module_imports_what_is_below_it(path: Path) -> None:
    own = layer_of(path.stem)
    lowest = len(LAYERS) - 1
    allowed = {name for name in imported_modules(path) if layer_of(name) > own or layer_of(name) == own == lowest}
    assert imported_modules(path) == allowed


@pytest.mark.parametrize("path", [path for path in MODULES if path.stem in RULES], ids=module_id)
def test_what_calculates_does_no_io(path: Path) -> None:
    def allowed(name: str) -> bool:
        return name in WITHOUT_IO or name.rpartition(".")[0] in WITHOUT_IO

    own = f"showcase.{capability_of(path)}."
    assert not {name for name in imports_of(path) if not name.startswith(own) and not allowed(name)}


@pytest.mark.parametrize(
    "path",
    sorted(path for folder in (".", *CORE) for path in (PACKAGE / folder).glob("*.py")),
    ids=lambda path: f"{path.parent.name}.{path.stem}",
)
def test_the_core_knows_no_capability(path: Path) -> None:
    if path.stem in {"health", "system"}:  # ask where every vendor is, and what may be spent
        return
    assert not {
        name for name in imports_of(path) if name.split(".")[:1] == ["showcase"] and set(name.split(".")) & CAPABILITIES
    }


# What an entry point may load before its first request, beside Python's own modules: what PostgREST needs, and what the
# framework loads anyway. Anyone who adds to it pays with the start of every function (bench/edge).
START = {
    *("annotated_types", "anyio", "cython_runtime", "httptools", "pydantic", "pydantic_core", "showcase", "sniffio"),
    *("starlette", "typing_extensions", "typing_inspection"),
}
# What the handlers of a module need besides, with all that it loads itself.
ALSO = {
    "showcase.billing.handlers": ("stripe",),
    "showcase.design.handlers": ("openai", "postgrest", "pyqwest.httpx"),
    "showcase.media.handlers": ("PIL.Image", "pillow_heif", "segno"),
    "showcase.media.qr_handlers": ("PIL.Image", "pillow_heif", "segno"),
    "showcase.notifications.handlers": ("jinja2", "sendgrid", "cryptography.hazmat.primitives.serialization"),
    "showcase.notifications.webhook_handlers": ("sendgrid", "cryptography.hazmat.primitives.serialization"),
}
LOADED = """
import sys
for name in sys.argv[2:]:
    __import__(name)
before = set(sys.modules)
import showcase.routes
showcase.routes.find_endpoint(sys.argv[1])
print("\\n".join(set(sys.modules) - before))
"""


# What is loaded is a module, with all of its endpoints: one of them stands for the others.
ONE_OF_EACH_MODULE = {reference.partition(":")[0]: path for path, reference in ENDPOINTS.items()}


@pytest.mark.parametrize(("module", "path"), ONE_OF_EACH_MODULE.items(), ids=ONE_OF_EACH_MODULE)
def test_an_entry_point_loads_what_it_needs_and_no_more(module: str, path: str) -> None:
    """In a fresh interpreter, as the platform starts one."""
    command = [sys.executable, "-c", LOADED, path, *ALSO.get(module, ())]
    finished = subprocess.run(command, env={"PYTHONPATH": str(FUNCTIONS)}, capture_output=True, text=True, check=True)
    loaded = finished.stdout.split()
    packages = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    allowed = START | {name.partition(".")[0] for name in ALSO.get(module, ())}
    assert {name for name in packages if not name.startswith("_")} <= allowed
    others = {f"showcase.{name}.handlers" for name in CAPABILITIES - set(module.split("."))}
    assert not others & set(loaded)


def test_entry_points_are_the_paths_in_snake_case() -> None:
    assert entry_point_name("getSocialMetrics") == "get_social_metrics"
    assert entry_point_name("webhooks/stripe") == "webhooks_stripe"
    assert entry_point_name("generateQrCode") == "generate_qr_code"
