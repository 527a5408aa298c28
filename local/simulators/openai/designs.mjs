// A plausible design, made from what the request says of the project and of the style.
import { disguised, found } from "./leaks.mjs";
import { page } from "./pages.mjs";

/** The answer to a chat completion, as aimock wants it. */
export async function answer(request) {
  const behaviour = request._behaviour;
  const data = request.messages.filter(({ role }) => role === "user").map(({ content }) => dataIn(text(content)));
  const [given, repair] = [data[0], data.length > 1 ? data.at(-1) : undefined];
  const blocks = page(given ?? {}).slice(repair?.accepted?.length ?? 0);
  const whole = JSON.stringify({ blocks });
  const reply = (content, finishReason = "stop") => ({ content, finishReason, usage: usage(request, content) });
  switch (behaviour?.kind) {
    case "answer":
      return reply(behaviour.text);
    case "blocks":
      return reply(JSON.stringify({ blocks: behaviour.blocks }));
    case "malformed":
      return reply(whole.slice(0, Math.floor(whole.length * 0.6)));
    case "truncated":
      return reply(whole.slice(0, Math.floor(whole.length * 0.6)), "length");
    case "invalid":
      return reply(JSON.stringify({ blocks: [...blocks.slice(0, 2), { type: "iframe", props: { src: "x" } }] }));
    case "obeys":
      return reply(JSON.stringify({ blocks: [...blocks.slice(0, 1), obedient(request, behaviour)] }));
    default:
      return reply(whole);
  }
}

/** A block that says what should stay secret. */
function obedient(request, { leak, as }) {
  const said = disguised(found(request, leak), as ?? "plain");
  return { type: "text", props: { colors: null, heading: null, text: `As you wished: ${said}`.slice(0, 19_000), align: "left" } };
}

/** The JSON value between the markers of a message. */
function dataIn(message) {
  const match = /<data-([0-9a-f]+)>\n([\s\S]*)\n<\/data-\1>/.exec(message);
  return match ? JSON.parse(match[2]) : undefined;
}

const text = (content) => (typeof content === "string" ? content : content.map((part) => part.text ?? "").join(""));

function usage(request, content) {
  const read = Math.ceil(JSON.stringify(request.messages).length / 4) + 1500;
  const written = Math.ceil(content.length / 4);
  return { prompt_tokens: read, completion_tokens: written, total_tokens: read + written };
}
