// The functions by supabase-js, each as the caller it is given; tests/e2e/test_forwarders.py says what should come.
import { client, main } from "./supabase.mjs";

async function answer({ data, error, response }) {
  const context = error?.context ?? response;
  const body = error?.context?.json ? await error.context.json().catch(() => null) : data;
  return { status: context?.status ?? null, failed: error?.name ?? null, body: body instanceof Blob ? await body.text() : body };
}

await main(async ({ url, calls }) => {
  const answers = [];
  for (const { name, key, token, method, body, headers } of calls) {
    const given = { method, headers, ...(body === undefined ? {} : { body }) };
    answers.push(await answer(await client(url, key, token ?? undefined).functions.invoke(name, given)));
  }
  return { answers };
});
