// Where the Python handlers are and how we show them who we are: settings, from the function's secrets alone.
import { Problem } from "./problem.ts";
import { googleTokens } from "./google.ts";

/** The handlers as the settings describe them. */
export interface Backend {
  /** The URL of the handler with this path below /functions/v1/. */
  address(path: string): string;
  /** The headers that open it. */
  credentials(path: string): Promise<[string, string][]>;
  /** How long an answer may take to begin, in milliseconds. */
  timeout: number;
  longTimeout: number;
}

/** Reads the settings. Throws a `Problem` that names each variable which is missing or malformed, for the log alone. */
export async function connect(): Promise<Backend> {
  const url = required("FUNCTIONS_BACKEND_URL", isWebAddress).replace(/\/+$/, "");
  return {
    address: (path) => `${addressOf(url, path)}/functions/v1/${path}`,
    credentials: await credentials(url),
    timeout: seconds("FUNCTIONS_BACKEND_TIMEOUT_SECONDS", 60),
    longTimeout: seconds("FUNCTIONS_BACKEND_LONG_TIMEOUT_SECONDS", 145),
  };
}

/** With `{function}` in the URL each handler has an address of its own: `webhooks/stripe` is at `webhooks-stripe`. */
function addressOf(url: string, path: string): string {
  const kebab = path.replace(/(?<=[a-z])(?=[A-Z])/g, "-").replaceAll("/", "-").toLowerCase();
  return url.replace("{function}", kebab);
}

async function credentials(url: string): Promise<Backend["credentials"]> {
  const way = required("FUNCTIONS_BACKEND_AUTH", (value) => ["secret", "google"].includes(value));
  if (way === "secret") {
    const secret = required("FUNCTIONS_BACKEND_SECRET", (value) => value.length >= 32);
    return () => Promise.resolve([["x-functions-backend-secret", secret]]);
  }
  const tokenFor = await googleTokens(required("GOOGLE_SERVICE_ACCOUNT_KEY"));
  const audience = Deno.env.get("FUNCTIONS_BACKEND_AUDIENCE") || url;
  // Not Authorization, which is the caller's: Cloud Run looks here first (https://cloud.google.com/run/docs/authenticating).
  return async (path) => [["x-serverless-authorization", `Bearer ${await tokenFor(addressOf(audience, path))}`]];
}

function required(variable: string, isGood: (value: string) => boolean = Boolean): string {
  const value = (Deno.env.get(variable) ?? "").trim();
  if (!isGood(value)) throw new Problem("not_configured", `${variable} is missing or malformed`);
  return value;
}

const isWebAddress = (value: string) => /^https?:/.test(value) && URL.canParse(addressOf(value, "any"));

function seconds(variable: string, standard: number): number {
  const value = Number(Deno.env.get(variable) || standard);
  if (!(value > 0)) throw new Problem("not_configured", `${variable} is not a number of seconds`);
  return value * 1000;
}
