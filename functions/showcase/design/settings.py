"""Settings of the design assistant."""

from typing import Literal

from pydantic import Field, HttpUrl, SecretStr

from showcase.settings import Settings


class DesignSettings(Settings):
    """Where the model is, what it costs, and how much of it users may have. Prices and the budget are US dollars."""

    openai_api_url: HttpUrl = HttpUrl("https://api.openai.com")
    openai_api_key: SecretStr | None = None
    openai_model: str = "gpt-4.1"  # of the GPT-4 class, and it must know structured outputs
    openai_image_model: str = "gpt-image-1"
    openai_moderation: Literal["on", "off"] = "on"
    openai_moderation_model: str = "omni-moderation-latest"
    # How often the SDK asks again where OpenAI is busy or down.
    openai_max_retries: int = Field(default=2, ge=0, le=5)
    # The prices of the models above: for a million tokens, and for one image.
    openai_input_price: float = Field(default=2.0, ge=0)
    openai_output_price: float = Field(default=8.0, ge=0)
    openai_image_price: float = Field(default=0.07, ge=0)
    # How long a design may take, its repair and its image included.
    design_seconds: float = Field(default=90.0, gt=0, le=600)
    design_max_output_tokens: int = Field(default=8_000, ge=500)
    # What the whole service may spend in a UTC month.
    design_monthly_budget: float = Field(default=100.0, ge=0)
    # For how long the address of a generated image is good.
    design_image_url_days: int = Field(default=365, ge=1)

    @property
    def base_url(self) -> str:
        """As the SDK wants it."""
        return f"{str(self.openai_api_url).rstrip('/')}/v1"

    def micros(self, input_tokens: int, output_tokens: int, images: int) -> int:
        """What that costs, in millionths of a dollar: a price for a million tokens is one in micros for a token."""
        tokens = input_tokens * self.openai_input_price + output_tokens * self.openai_output_price
        return round(tokens + images * self.openai_image_price * 1_000_000)
