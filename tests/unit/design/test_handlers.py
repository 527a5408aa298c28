import asyncio
from typing import Any, cast

import pytest
from showcase.auth import ANONYMOUS
from showcase.design.assistant import Assistant
from showcase.design.errors import Unavailable
from showcase.design.handlers import handle_ai_design_assistant
from showcase.design.schemas import DesignRequest
from showcase.design.settings import DesignSettings
from showcase.endpoint import Call

NOTHING = cast(Any, None)


def test_without_a_key_there_is_no_assistant() -> None:
    asked = DesignRequest.model_validate({"content": {"title": "T"}})
    with pytest.raises(Unavailable, match="OPENAI_API_KEY") as caught:
        asyncio.run(
            handle_ai_design_assistant(Call(asked, ANONYMOUS, NOTHING, "-"), Assistant(NOTHING, DesignSettings(), None))
        )
    assert caught.value.code == "not_configured"


def test_the_most_that_a_design_can_cost_is_more_than_it_does() -> None:
    settings = DesignSettings(openai_input_price=2, openai_output_price=8, openai_image_price=0.07)
    assert settings.micros(1_000_000, 0, 0) == 2_000_000
    assert settings.micros(1, 1, 1) == 70_010
