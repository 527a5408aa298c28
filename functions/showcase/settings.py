"""Settings come from the environment alone, once, when an entry point is made."""

import os
from functools import cached_property
from typing import TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, HttpUrl, SecretStr, ValidationError, field_validator

from showcase.errors import SafeToLogError


class Settings(BaseModel):
    """Base of every capability's settings: frozen, and each field is the environment variable of its name in capitals.

    Read by `load`: pydantic-settings would be a tenth of a function's start, for what takes one line.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


def split(listed: str) -> tuple[str, ...]:
    """The parts of a list with commas between them, without those that are empty."""
    return tuple(part for each in listed.split(",") if (part := each.strip()))


def split_secrets(secrets: SecretStr | None) -> tuple[str, ...]:
    """As `split`; none where the variable is not set."""
    return split(secrets.get_secret_value()) if secrets else ()


def _of_project(name: str) -> AliasChoices:
    """SUPABASE_<NAME>, or PROJECT_<NAME> on Supabase Compute: the secrets of a project cannot begin with SUPABASE_."""
    return AliasChoices(f"supabase_{name}", f"project_{name}")


class CoreSettings(Settings):
    """What every function needs: the Supabase project and how to report."""

    model_config = ConfigDict(validate_by_name=True)

    supabase_url: HttpUrl = Field(validation_alias=_of_project("url"))
    supabase_publishable_key: SecretStr = Field(validation_alias=_of_project("publishable_key"))
    supabase_secret_key: SecretStr = Field(validation_alias=_of_project("secret_key"))
    # Projects that still sign with the shared secret (and the local stack) set it; others publish keys (JWKS).
    supabase_jwt_secret: SecretStr | None = Field(default=None, validation_alias=_of_project("jwt_secret"))
    # Where clients, and the functions themselves, reach the functions; SUPABASE_URL/functions/v1 where it is not set.
    public_functions_url: HttpUrl | None = None
    # What the forwarders show us, separated by commas: while one is being replaced, both count. None: anybody may call.
    functions_backend_secrets: SecretStr | None = None
    environment: str = "local"
    release: str = "dev"
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    sentry_dsn: SecretStr | None = None
    # Which share of errors and of requests is reported to Sentry.
    sentry_errors_sample_rate: float = Field(default=1.0, ge=0, le=1)
    sentry_traces_sample_rate: float = Field(default=0.1, ge=0, le=1)
    # Cloud Logging finds the log lines of a trace by its project's name.
    google_cloud_project: str | None = None

    @field_validator("functions_backend_secrets")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and any(len(secret) < 32 for secret in split_secrets(value) or ("",)):
            raise ValueError("each secret needs at least 32 characters")
        return value

    @property
    def backend_secrets(self) -> tuple[str, ...]:
        """Any of these opens the functions; none: every caller may call."""
        return split_secrets(self.functions_backend_secrets)

    @cached_property
    def origin(self) -> str:
        """The project's URL without a trailing slash, e.g. `https://abc.supabase.co`."""
        return str(self.supabase_url).rstrip("/")

    @property
    def functions_url(self) -> str:
        """Where the functions are reached, without a trailing slash."""
        return str(self.public_functions_url or f"{self.origin}/functions/v1").rstrip("/")


class SettingsError(SafeToLogError):
    """Variables that are missing or malformed, all of them at once, by name. Never shows a value."""


SettingsT = TypeVar("SettingsT", bound=Settings)


def load(model: type[SettingsT]) -> SettingsT:
    """Reads `model` from the environment; a variable that is empty is not set.

    Raises:
        SettingsError: with one line for each variable that is missing or malformed.
    """
    given = {name.lower(): value for name, value in os.environ.items() if value}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        lines = (f"  {str(problem['loc'][0]).upper()}: {problem['msg']}" for problem in error.errors())
        raise SettingsError("These environment variables need attention:\n" + "\n".join(lines)) from None
