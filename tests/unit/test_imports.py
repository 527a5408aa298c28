"""The architecture, read from the syntax trees: which module may import which, and what an entry point loads."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from showcase.routes import ENDPOINTS, entry_point_name

FUNCTIONS = Path(__file__).parents[2] / "functions"
PACKAGE = FUNCTIONS / "showcase"
CAPABILITIES = {folder.name for folder in PACKAGE.iterdir() if folder.is_dir() and (folder / "__init__.py").exists()}
VENDOR_SDKS = {"stripe", "openai", "sendgrid", "supabase"}

# Data flows one way: a layer may import those to its right, in its own capability, and the shared core.
LAYERS = ["handlers", "refresh", "worker", "asking", "store", "clients", "settings", "schemas", "platforms", "domain"]


def imports_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*/domain.py")), ids=lambda p: p.parent.name)
def test_domain_rules_do_no_io(path: Path) -> None:
    allowed = {"showcase.errors", f"showcase.{path.parent.name}.domain"}
    roots = {name.partition(".")[0] for name in imports_of(path)}
    assert roots <= set(sys.stdlib_module_names) | {"showcase", "pydantic"}
    ours = {name for name in imports_of(path) if name.startswith("showcase.") and name.count(".") == 1}
    assert ours <= allowed


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*/*.py")), ids=lambda p: f"{p.parent.name}.{p.stem}")
def test_a_layer_imports_no_layer_above_it(path: Path) -> None:
    layer = path.stem.removeprefix("card_")
    if layer not in LAYERS:
        return
    above = LAYERS[: LAYERS.index(layer)]
    forbidden = {f"showcase.{path.parent.name}.{layer}" for layer in above}
    assert not forbidden & imports_of(path)


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda p: p.stem)
def test_the_core_knows_no_capability(path: Path) -> None:
    if path.stem in {"health", "system"}:  # ask where every vendor is, and what may be spent
        return
    assert not {
        name for name in imports_of(path) if name.split(".")[:1] == ["showcase"] and set(name.split(".")) & CAPABILITIES
    }


@pytest.mark.parametrize("path", ENDPOINTS)
def test_an_entry_point_loads_no_other_capability(path: str) -> None:
    """Cold start pays for what is used: checked in a fresh interpreter, as the platform starts one."""
    own = ENDPOINTS[path].split(":")[0].split(".")[1]
    program = f"import sys, showcase.routes as r; r.find_endpoint({path!r}); print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(FUNCTIONS)}, capture_output=True, text=True, check=True
    ).stdout.split()
    others = {f"showcase.{name}.handlers" for name in CAPABILITIES - {own}}
    assert not others & set(loaded)
    sdks = {"billing": {"stripe"}, "design": {"openai"}, "notifications": {"sendgrid"}}.get(own, set())
    assert not (VENDOR_SDKS - sdks) & set(loaded)


def test_entry_points_are_the_paths_in_snake_case() -> None:
    assert entry_point_name("getSocialMetrics") == "get_social_metrics"
    assert entry_point_name("webhooks/stripe") == "webhooks_stripe"
    assert entry_point_name("generateQrCode") == "generate_qr_code"
