"""What every operation's parameters share: Stripe's types in forms, and its words for what is wrong with them."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from local.simulators.stripe.errors import StripeError, invalid, unknown_parameter
from local.simulators.stripe.forms import shown


class Params(BaseModel):
    """Refuses what it does not know. `given` names those that were sent, also with their default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def given(self, name: str) -> bool:
        return name in self.model_fields_set


def _as_list(value: Any) -> Any:
    if isinstance(value, dict) and all(key.isdecimal() for key in value):
        return [value[key] for key in sorted(value, key=int)]
    return value


def _empty_as_none(value: Any) -> Any:
    return None if value == "" else value


T = TypeVar("T")
Listed = Annotated[list[T], BeforeValidator(_as_list)]
# Where Stripe takes `""` for "take it away".
Clearable = Annotated[T | None, BeforeValidator(_empty_as_none)]
Text = Annotated[str, Field(max_length=5000)]


def _within_limits(value: Any) -> Any:
    """https://docs.stripe.com/api/metadata: 50 keys of 40 characters, values of 500."""
    if not isinstance(value, dict):
        return value
    for name, text in value.items():
        if len(name) > 40:
            raise invalid(
                f"Metadata keys can have up to 40 characters, but you passed in a key that is {len(name)} characters. "
                f"Invalid key: {name}",
                param="metadata",
            )
        if isinstance(text, str) and len(text) > 500:
            raise invalid(
                "Metadata values can have up to 500 characters, but you passed in a value that is "
                f"{len(text)} characters. Invalid value: {text}",
                param=f"metadata[{name}]",
            )
    return value


Metadata = Annotated[Clearable[dict[str, str]], BeforeValidator(_within_limits)]


class Expanding(Params):
    expand: Listed[str] = []


class Range(Params):
    gt: int | None = None
    gte: int | None = None
    lt: int | None = None
    lte: int | None = None


class Paging(Expanding):
    limit: Annotated[int, Field(ge=1, le=100)] = 10
    starting_after: str | None = None
    ending_before: str | None = None


class Created(Paging):
    created: int | Range | None = None


def within(value: int | None, wanted: int | Range | None) -> bool:
    if wanted is None:
        return True
    if value is None:
        return False
    if isinstance(wanted, int):
        return value == wanted
    return (
        (wanted.gt is None or value > wanted.gt)
        and (wanted.gte is None or value >= wanted.gte)
        and (wanted.lt is None or value < wanted.lt)
        and (wanted.lte is None or value <= wanted.lte)
    )


def merged_metadata(old: Mapping[str, str], new: Mapping[str, str] | None) -> dict[str, str]:
    """An empty value takes its key away; nothing at all takes all away."""
    if new is None:
        return {}
    merged = {key: value for key, value in {**old, **new}.items() if value != ""}
    if len(merged) > 50:
        raise invalid(
            f"You have exceeded the maximum number of metadata keys allowed: 50. You provided {len(merged)}.",
            param="metadata",
        )
    return merged


P = TypeVar("P", bound=Params)


def read(model: type[P], raw: Mapping[str, Any]) -> P:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise _refusal(error) from None


def _refusal(error: ValidationError) -> StripeError:
    """Unknown parameters first, as Stripe does; of the rest the first."""
    problems = error.errors(include_url=False)
    problem = next((each for each in problems if each["type"] == "extra_forbidden"), problems[0])
    kind, given = problem["type"], problem["input"]
    # Alternatives in a type leave their own names in the path.
    path = [part for part in problem["loc"] if isinstance(part, int) or _is_name(part)]
    name = shown(path)
    if kind == "extra_forbidden":
        return unknown_parameter(name)
    if kind == "missing":
        return invalid(f"Missing required param: {name}.", param=name, code="parameter_missing")
    if kind.startswith("int"):
        return invalid(f"Invalid integer: {given}", param=name, code="parameter_invalid_integer")
    if kind.startswith("bool"):
        return invalid(f"Invalid boolean: {given}", param=name)
    if kind == "literal_error":
        return invalid(f"Invalid {name}: must be one of {problem['ctx']['expected']}", param=name)
    if kind in {"string_type", "dict_type", "list_type", "model_type"}:
        wanted = {"string": "string", "dict": "object", "list": "array", "model": "object"}[kind.split("_")[0]]
        return invalid(f"Invalid {wanted}: {given}", param=name)
    return invalid(f"Invalid value for {name}: {problem['msg']}", param=name)


def _is_name(part: str) -> bool:
    """Pydantic adds `int`, `Range`, `function-before[...]` and such to the path."""
    return part.islower() and "-" not in part and "[" not in part and part not in {"int", "str", "bool", "literal"}


Proration = Literal["always_invoice", "create_prorations", "none"]
