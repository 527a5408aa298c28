// Functions by supabase/types/showcase.ts: answers, problems, no answer at all, and a stream that never begins.
import { invoke, stream } from "../../../supabase/types/showcase.ts";
import { client, main } from "./supabase.mjs";

await main(async ({ url, key, token, project_id, closed }) => {
  const caller = client(url, key, token);
  const nowhere = client(closed, key, token);
  const unknown = crypto.randomUUID();
  const events = async (signal) => {
    const seen = [];
    for await (const event of stream(caller, "aiDesignAssistant", { project_id: unknown }, { signal })) seen.push(event);
    return seen;
  };
  return {
    metrics: await invoke(caller, "getSocialMetrics", { project_id }),
    refused: await invoke(caller, "getSocialMetrics", { project_id: unknown }),
    invalid: await invoke(caller, "getSocialMetrics", { project_id: "no id" }),
    get: await invoke(caller, "getUpload", { upload_id: unknown }),
    unreachable: await invoke(nowhere, "getSocialMetrics", { project_id }),
    aborted: await invoke(caller, "getSocialMetrics", { project_id }, { signal: AbortSignal.abort() }),
    stream: await events(),
    abortedStream: await events(AbortSignal.abort()),
  };
});
