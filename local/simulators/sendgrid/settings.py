"""SENDGRID_SIMULATOR_*: all optional."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SENDGRID_SIMULATOR_", frozen=True, env_ignore_empty=True)

    keys: str = Field(default="", description="the API keys it takes, separated by commas; any when empty")
    webhook_url: str = Field(default="", description="where events go; nowhere when empty")
    seed: str = Field(default="", description="what the signing key is made from; a new key when empty")
    event_seconds: float = Field(default=0.05, ge=0, description="how long events are gathered before they are sent")
    retry_seconds: str = Field(default="0.5,1,2,4,8", description="waits before events are reported again")
    kept: int = Field(default=5000, gt=0, description="how many messages the inbox keeps")

    def takes(self, key: str) -> bool:
        return not self.keys or key in {each.strip() for each in self.keys.split(",")}

    def waits(self) -> list[float]:
        return [float(wait) for wait in self.retry_seconds.split(",") if wait.strip()]
