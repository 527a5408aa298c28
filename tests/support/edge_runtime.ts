// Serves every function of supabase/functions by path, in one process, the way hosted Supabase's edge runtime does: the part
// before the name is cut off, and verify_jwt turns away anyone who brings no token that the project signed.
// Arguments: the folder, the port, and as JSON which functions verify, and with which secret.

const [folder, port, given] = Deno.args;
const { verifies, secret }: { verifies: Record<string, boolean>; secret: string } = JSON.parse(given);
const functions = new Map<string, (request: Request) => Promise<Response>>();
for (const { name } of Deno.readDirSync(folder)) {
  if (name.startsWith("_") || name.includes(".")) continue;
  functions.set(name, (await import(`file://${folder}/${name}/index.ts`)).default.fetch);
}

const algorithm = { name: "HMAC", hash: "SHA-256" };
const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, ["verify"]);

Deno.serve({ hostname: "127.0.0.1", port: Number(port) }, async (request) => {
  const url = new URL(request.url);
  if (url.pathname === "/_ready") return new Response();
  const [, name] = /^\/functions\/v1\/([^/]+)/.exec(url.pathname) ?? [];
  const serve = functions.get(name ?? "");
  if (!serve) return Response.json({ code: "NOT_FOUND", message: "Requested function was not found" }, { status: 404 });
  if (verifies[name] && request.method !== "OPTIONS" && !(await isSigned(request.headers.get("authorization")))) {
    return Response.json({ code: 401, message: "Invalid JWT" }, { status: 401 });
  }
  url.pathname = url.pathname.slice("/functions/v1".length);
  return serve(new Request(url, request));
});

async function isSigned(authorization: string | null): Promise<boolean> {
  const [header, claims, signature] = (authorization ?? "").replace(/^Bearer /i, "").split(".");
  if (!signature) return false;
  const signed = new TextEncoder().encode(`${header}.${claims}`);
  const { exp } = JSON.parse(new TextDecoder().decode(bytes(claims)));
  return exp * 1000 > Date.now() && await crypto.subtle.verify("HMAC", key, bytes(signature), signed);
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}
