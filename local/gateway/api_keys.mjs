// Hosted projects let nothing pass without an API key. Supabase Lite sees to it for Auth and REST; Storage is seen to here.

// What a browser opens by a plain link: public objects, and whoever holds a signed URL.
const keyless = /^\/storage\/v1\/(object\/(public|sign|upload\/sign)\/|render\/image\/(public|sign)\/|status$)/;

/** The refusal of a storage request without a known API key; null when it may pass. */
export function refuseWithoutKey(request, { publishableKey, secretKey }) {
  const { pathname, searchParams } = new URL(request.url);
  const key = request.headers.get("apikey") ?? searchParams.get("apikey");
  if (key === publishableKey || key === secretKey) return null;
  if (!key && keyless.test(pathname) && request.method !== "POST") return null;
  return key
    ? Response.json({ message: "Invalid API key", hint: "Double check your Supabase `apikey`" }, { status: 401 })
    : Response.json(
        { message: "No API key found in request", hint: "No `apikey` request header or url param was found." },
        { status: 401 },
      );
}
