"""`aiDesignAssistant`: a page for a project, out of the catalogue's blocks."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from showcase.core import Core
from showcase.design import design_context, openai_api, sse, store
from showcase.design.assistant import Assistant, Run
from showcase.design.errors import (
    Interrupted,
    InvalidDesign,
    InvalidImage,
    QuotaExceeded,
    Refused,
    TimedOut,
    Unavailable,
)
from showcase.design.prompt import Prompt
from showcase.design.schemas import DesignRequest, DesignResponse, Usage
from showcase.design.settings import DesignSettings
from showcase.disconnect import until_disconnect
from showcase.endpoint import USERS, Call, Endpoint
from showcase.errors import Forbidden, NotFound
from showcase.settings import load
from showcase.storage_failures import StorageQuotaExceeded


def design_dependencies(core: Core) -> Assistant:
    """Raises: SettingsError."""
    settings = load(DesignSettings)
    key = settings.openai_api_key
    return Assistant(core, settings, openai_api.openai_client(settings, key.get_secret_value()) if key else None)


async def handle_ai_design_assistant(call: Call[DesignRequest], assistant: Assistant) -> Response:
    """Designs a page, streamed where `Accept` asks for events; what fails after the first event is an `error` event.

    Raises:
        Unavailable, QuotaExceeded, Forbidden, NotFound, InvalidDesign, InvalidImage, Interrupted, Refused, TimedOut.
    """
    if assistant.model is None:
        raise Unavailable("The assistant is not set up here: OPENAI_API_KEY is missing.", code="not_configured")
    body, settings, database = call.body, assistant.settings, assistant.core.database
    context = await design_context.find(database, call.caller, body)
    prompt = Prompt(context.content, body.style, context.start, context.refine, body.generate_image)
    session = await store.begin(
        database,
        call.caller,
        context.project_id,
        request=body.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        model=settings.openai_model,
        cost_micros=assistant.most_micros(prompt, body.generate_image),
        ceiling_micros=round(settings.design_monthly_budget * 1_000_000),
    )
    streamed = sse.MEDIA_TYPE in call.request.headers.get("accept", "")
    run = Run(
        assistant=assistant,
        model=assistant.model,
        caller=call.caller,
        request=body,
        context=context,
        prompt=prompt,
        session=session,
        request_id=call.request_id,
        streamed=streamed,
    )
    task = asyncio.create_task(run.run())
    # A disconnected client cancels the task, which still completes its session: the set keeps it alive until then.
    assistant.running.add(task)
    task.add_done_callback(assistant.running.discard)
    if streamed:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", **session.headers}
        return StreamingResponse(_streamed(run, task), headers=headers, media_type=sse.MEDIA_TYPE)
    return await _collected(call.request, run, task)


async def _streamed(run: Run, task: asyncio.Task[None]) -> AsyncIterator[str]:
    """Starlette ends this when the client goes away."""
    try:
        async for event in sse.stream(run.events):
            yield event
    finally:
        task.cancel()


async def _collected(request: Request, run: Run, task: asyncio.Task[None]) -> Response:
    """Raises: ClientDisconnect, and what went wrong with the run."""
    try:
        await until_disconnect(request, asyncio.wait({task}))
    finally:
        task.cancel()
    if run.failure is not None:
        raise run.failure
    answer = DesignResponse(
        session_id=run.session.id,
        blocks=run.blocks,
        layout_id=run.layout_id,
        usage=Usage.model_validate(run.usage),
    )
    return JSONResponse(answer.model_dump(mode="json"), headers={"Cache-Control": "no-store", **run.session.headers})


ai_design_assistant = Endpoint(
    name="aiDesignAssistant",
    summary="Designs a page for a project out of the catalogue's blocks; streamed with Accept: text/event-stream",
    body=DesignRequest,
    answer=DesignResponse,
    callers=USERS,
    connect=design_dependencies,
    handle=handle_ai_design_assistant,
    max_body=256 * 1024,
    problems=(
        Forbidden,
        NotFound,
        QuotaExceeded,
        InvalidDesign,
        Interrupted,
        InvalidImage,
        TimedOut,
        Refused,
        StorageQuotaExceeded,
    ),
    also={200: {sse.MEDIA_TYPE: sse.DESCRIPTION}},
)
