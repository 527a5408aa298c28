"""The environment variables: what reads each one, which are secret, what is wrong with them. Never shows a value.

For processes that find the functions: PYTHONPATH=functions.
"""

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from dotenv import dotenv_values
from pydantic import BaseModel, ValidationError

from local.settings import ROOT, documented_variables

FUNCTIONS = ROOT / "functions"


@dataclass(frozen=True)
class Variable:
    """One field of one settings model; several models may read the same variable."""

    name: str
    model: type[BaseModel]
    secret: bool
    needed: bool

    @property
    def where(self) -> str:
        """`metrics: functions/showcase/metrics/settings.py`."""
        folder = self.model.__module__.split(".")[-2]
        file = sys.modules[self.model.__module__].__file__ or ""
        return f"{'core' if folder == 'showcase' else folder}: {Path(file).relative_to(ROOT)}"


def variables_of(model: type[BaseModel]) -> Iterator[Variable]:
    for name, field in model.model_fields.items():
        secret = "SecretStr" in str(field.annotation)
        yield Variable(name.upper(), model, secret, field.is_required())


def models_of(module: str) -> Iterator[type[BaseModel]]:
    """The settings models that a module defines."""
    for found in vars(import_module(module)).values():
        ours = isinstance(found, type) and issubclass(found, BaseModel) and found.__module__ == module
        if ours and found.model_fields:
            yield found


def functions_models() -> Sequence[type[BaseModel]]:
    """Of the core and of every capability."""
    modules = ["showcase.settings", *(f"showcase.{file.parent.name}.settings" for file in _settings_files())]
    return [model for module in modules for model in models_of(module)]


def models_behind(path: str) -> Sequence[type[BaseModel]]:
    """What one endpoint reads: the models of every settings module that it imports, however indirectly."""
    from showcase.routes import ENDPOINTS

    seen, open_ = {"showcase.core"}, ["showcase.core", ENDPOINTS[path].partition(":")[0]]
    while open_:
        new = _imports(open_.pop()) - seen
        seen |= new
        open_ += new
    return [model for model in functions_models() if model.__module__ in seen]


def problems(models: Sequence[type[BaseModel]], values: Mapping[str, str]) -> list[str]:
    """A line for each variable that is missing or malformed."""
    lines = {line for model in models for line in _problems(model, values)}
    return sorted(lines)


def read_values(file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Every documented variable that is set: the environment goes before the file."""
    given = {**dotenv_values(file, interpolate=False), **environment}
    return {name: value for name in documented_variables() if (value := given.get(name))}


def _problems(model: type[BaseModel], values: Mapping[str, str]) -> Iterator[str]:
    try:
        model.model_validate({name.lower(): value for name, value in values.items() if value})
    except ValidationError as error:
        for problem in error.errors():
            yield f"{str(problem['loc'][0]).upper()}: {'missing' if problem['type'] == 'missing' else problem['msg']}"


def is_secret(name: str, models: Sequence[type[BaseModel]]) -> bool:
    return any(v.secret for model in models for v in variables_of(model) if v.name == name)


def _settings_files() -> list[Path]:
    return sorted((FUNCTIONS / "showcase").glob("*/settings.py"))


def _imports(module: str) -> set[str]:
    """The modules of ours that a module imports, also late."""
    path = FUNCTIONS.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in names if name.startswith("showcase.") and _exists(name)}


def _exists(module: str) -> bool:
    path = FUNCTIONS.joinpath(*module.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()
