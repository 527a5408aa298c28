// What is answered instead of a design, and what aimock does not know.
import { json } from "./control.mjs";
import { oddPicture } from "./pictures.mjs";

const problem = (message, type, code = null) => ({ error: { message, type, param: null, code } });

/** Whether the request has been answered here. */
export function fault(response, key, behaviour, body) {
  if (!key || behaviour?.kind === "invalid_key") {
    json(response, 401, problem("Incorrect API key provided.", "invalid_request_error", "invalid_api_key"));
    return true;
  }
  switch (behaviour?.kind) {
    case "rate_limited": {
      const headers = behaviour.retry_after === undefined ? {} : { "retry-after": String(behaviour.retry_after) };
      json(response, 429, problem("Rate limit reached for requests.", "requests", "rate_limit_exceeded"), headers);
      return true;
    }
    case "spent":
      json(response, 429, problem("You have no credits left.", "insufficient_quota", "credit_balance_exhausted"));
      return true;
    case "server_error":
      json(response, 500, problem("The server had an error while processing your request.", "server_error"));
      return true;
    case "wrong_shape":
      json(response, 200, ["unexpected"]);
      return true;
    case "flagged":
      json(response, 200, { id: "modr-1", model: "omni-moderation-latest", results: [verdict()] });
      return true;
    case "image":
      json(response, 200, oddPicture(behaviour.what));
      return true;
    case "refusal":
      stream(response, model(body), [{ refusal: "I'm sorry, I can't " }, { refusal: "help with that." }], "stop");
      return true;
    case "filtered":
      stream(response, model(body), [{ content: '{"blocks": [' }], "content_filter");
      return true;
    default:
      return false;
  }
}

function verdict() {
  const names = [
    "sexual", "hate", "harassment", "self-harm", "sexual/minors", "hate/threatening", "violence/graphic",
    "self-harm/intent", "self-harm/instructions", "harassment/threatening", "violence", "illicit", "illicit/violent",
  ];
  const all = (value) => Object.fromEntries(names.map((name) => [name, value]));
  return {
    flagged: true,
    categories: { ...all(false), violence: true },
    category_scores: { ...all(0), violence: 0.98 },
    category_applied_input_types: all(["text"]),
  };
}

const model = (body) => JSON.parse(body).model;

function stream(response, name, deltas, finish) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const chunk = (choices, usage = null) => {
    const value = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 0, model: name, choices, usage };
    response.write(`data: ${JSON.stringify(value)}\n\n`);
  };
  for (const delta of deltas) chunk([{ index: 0, delta, finish_reason: null }]);
  chunk([{ index: 0, delta: {}, finish_reason: finish }]);
  chunk([], { prompt_tokens: 900, completion_tokens: 12, total_tokens: 912 });
  response.end("data: [DONE]\n\n");
}
