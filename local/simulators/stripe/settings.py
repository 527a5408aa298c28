"""STRIPE_SIMULATOR_*: all optional."""

import re
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_KEY = re.compile(r"[sr]k_(live|test)_(other_)?")


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

    account: str = Field(default="acct_1SimulatorShowcase", description="whose keys those are that it knows")
    livemode: bool = Field(default=False, description="whether this is the account's live mode")

    demo_user: str = Field(default="", description="whose subscription there is from the start")
    demo_subscription: str = Field(default="", description="its id")

    def takes(self, key: str) -> bool:
        """Of the other mode, and of the other account, it takes any."""
        if self.keys and self.is_own(key):
            return key in split(self.keys)
        return _KEY.match(key) is not None

    def is_own(self, key: str) -> bool:
        """Of this account and mode: `sk_test_other_...` is another account's, `sk_live_...` of the other mode."""
        form = _KEY.match(key)
        return form is None or ((form[1] == "live") == self.livemode and form[2] is None)


def split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
