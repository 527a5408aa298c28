// aiDesignAssistant by supabase-js and supabase/types/showcase.ts: as JSON, streamed, and refused.
import { stream } from "../../../supabase/types/showcase.ts";
import { client, main } from "./supabase.mjs";

await main(async ({ url, key, token, body }) => {
  const caller = client(url, key, token);
  const json = await caller.functions.invoke("aiDesignAssistant", { body });
  const events = [];
  for await (const { event, data } of stream(caller, "aiDesignAssistant", body)) events.push([event, data]);
  const { error } = await caller.functions.invoke("aiDesignAssistant", { body: { project_id: crypto.randomUUID() } });
  const problem = await error.context.json();
  return {
    json: { data: json.data, error: json.error?.message ?? null },
    events,
    refused: { status: problem.status, code: problem.code },
  };
});
