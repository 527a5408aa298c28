// aiDesignAssistant by supabase-js: as JSON, streamed, and refused.
import { client, main } from "./supabase.mjs";

await main(async ({ url, key, token, body }) => {
  const { functions } = client(url, key, token);
  const json = await functions.invoke("aiDesignAssistant", { body });
  const streamed = await functions.invoke("aiDesignAssistant", { body, headers: { accept: "text/event-stream" } });
  const text = await streamed.data.text();
  const events = text.split("\n\n").filter(Boolean).map((event) => {
    const [, kind, data] = /^event: (\w+)\ndata: (.*)$/s.exec(event);
    return [kind, JSON.parse(data)];
  });
  const { error } = await functions.invoke("aiDesignAssistant", { body: { project_id: crypto.randomUUID() } });
  const problem = await error.context.json();
  return {
    json: { data: json.data, error: json.error?.message ?? null },
    events,
    refused: { status: problem.status, code: problem.code },
  };
});
