"""STRIPE_SIMULATOR_*: all optional."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="STRIPE_SIMULATOR_", frozen=True, env_ignore_empty=True)

    keys: str = Field(
        default="", description="the API keys it takes, separated by commas; any secret test key when empty"
    )
    api_version: str = Field(default="2026-10-28.endive", description="the account's version, for calls that name none")
    public_url: str = Field(default="", description="where browsers reach its pages; as the API was reached when empty")
    state_file: Path | None = Field(
        default=None, description="where the state outlives a restart; memory only when empty"
    )

    webhook_url: str = Field(default="", description="the endpoint that exists from the start")
    webhook_secrets: str = Field(default="", description="its signing secrets, separated by commas")
    webhook_api_version: str = Field(default="", description="its version; the account's when empty")
    retry_scale: float = Field(default=0.001, ge=0, description="multiplies Stripe's waits between deliveries")
    delivery_timeout: float = Field(default=10, gt=0, description="seconds that an endpoint has to answer")

    after_retries: Literal["cancel", "unpaid", "past_due"] = Field(
        default="cancel", description="what becomes of a subscription when the last retry of its payment failed"
    )

    demo_user: str = Field(default="", description="whose subscription there is from the start")
    demo_subscription: str = Field(default="", description="its id")

    def takes(self, key: str) -> bool:
        if self.keys:
            return key in split(self.keys)
        return key.startswith(("sk_test_", "rk_test_"))


def split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
