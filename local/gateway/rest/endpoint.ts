// /rest/v1 over HTTP: the request's bytes in, the answer's out.
import type { IncomingMessage, ServerResponse } from "node:http";
import { identifier, type Keys } from "./auth/request_role.ts";
import { Pool } from "./database/pool.ts";
import { loadDatabaseSettings } from "./database/role_settings.ts";
import { answer, type Snapshot } from "./engine.ts";
import { noSchemaCache } from "./errors/database_errors.ts";
import { queryParameterError } from "./errors/request_errors.ts";
import { RestError } from "./errors/rest_error.ts";
import type { IncomingRequest } from "./request/api_request.ts";
import type { RestResponse } from "./response/common.ts";
import { loadSchemaCache } from "./schema_cache/load.ts";
import { type ApiSettings, withDatabaseSettings } from "./settings.ts";

export interface EndpointSettings extends Keys {
  /** Of a role that may become those of the API: authenticator. */
  databaseUrl: string;
  api: ApiSettings;
  /** Reports a fault of our own; it must carry no data of the request. */
  report: (fault: string) => void;
}

const PREFIX = "/rest/v1";
const MOST_BODY_BYTES = 32 * 1024 * 1024;
const VARY = "Accept, Prefer, Range";
const RETRY_SECONDS = "1";
const EMPTY = Buffer.alloc(0);
const BODILESS = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

const tooDeep = () =>
  queryParameterError("The request is nested too deeply.", "Nest fewer filters and resources in it.");
const tooLarge = () => new RestError(413, { message: `The body is larger than ${MOST_BODY_BYTES} bytes.` });

async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (BODILESS.has(request.method ?? "")) return EMPTY;
  const chunks: Buffer[] = [];
  let size = 0;
  // Where the body is too large, the rest of it is still read: the connection stays usable.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > MOST_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}

/** The API key may come as a parameter, which is not PostgREST's. */
function withoutKey(query: string): { query: string; apikey: string | null } {
  if (!query.includes("apikey=")) return { query, apikey: null };
  const parts = query.split("&");
  const isKey = (part: string) => part.startsWith("apikey=");
  const given = parts.find(isKey);
  const apikey = given === undefined ? null : new URLSearchParams(given).get("apikey");
  return { query: parts.filter((part) => !isKey(part)).join("&"), apikey };
}

function errorResponse(error: RestError): RestResponse {
  const { code } = error.body;
  return {
    status: error.status,
    headers: [
      ["content-type", "application/json; charset=utf-8"],
      ...(code === undefined ? [] : [["proxy-status", `PostgREST; error=${code}`] as const]),
      ...Object.entries(error.headers),
    ],
    body: error.text(),
  };
}

const NO_BODY = new Set([204, 304]);

function send(response: ServerResponse, { status, headers, body }: RestResponse, statusText?: string): void {
  for (const [name, value] of headers) {
    if (name === "set-cookie") response.appendHeader(name, value);
    else response.setHeader(name, value);
  }
  // A function chose it: after an informational one the client would wait for another (RFC 9110, 15.2).
  if (status < 200) throw new RangeError(`status ${status} ends no request`);
  if (status === 503) response.setHeader("retry-after", RETRY_SECONDS);
  // PostgREST does not make the body that HEAD asks the length of.
  if (!NO_BODY.has(status) && !(response.req.method === "HEAD" && body === "")) {
    response.setHeader("content-length", Buffer.byteLength(body));
  }
  response.writeHead(status, statusText?.replace(/[^\x20-\x7e]/g, "?") || undefined);
  response.end(body);
}

export class RestEndpoint {
  readonly #settings: EndpointSettings;
  readonly #pool: Pool;
  readonly #identify: ReturnType<typeof identifier>;
  #snapshot: Snapshot | null = null;

  constructor(settings: EndpointSettings) {
    this.#settings = settings;
    this.#pool = new Pool(settings.databaseUrl);
    this.#identify = identifier(settings);
  }

  /** Whether the schema is known. */
  get isReady(): boolean {
    return this.#snapshot !== null;
  }

  /** Reads the schema and the settings again. Rejects where the database cannot be asked: what is known stays. */
  async reload(): Promise<void> {
    const { api } = this.#settings;
    this.#snapshot = await this.#pool.with(async (client) => {
      const database = await loadDatabaseSettings(client);
      const settings = withDatabaseSettings(api, database);
      return { database, settings, cache: await loadSchemaCache(client, settings.schemas) };
    });
    this.#pool.expireStatements();
  }

  /** Answers a request whose path begins with /rest/v1. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const result = await this.#answer(request);
      if (!result.headers.some(([name]) => name === "vary")) response.setHeader("vary", VARY);
      send(response, result);
    } catch (error) {
      this.#refuse(response, error as Error);
    }
  }

  async #answer(request: IncomingMessage): Promise<RestResponse> {
    const url = (request.url ?? "").slice(PREFIX.length);
    const mark = url.indexOf("?");
    const { query, apikey } = withoutKey(mark < 0 ? "" : url.slice(mark + 1));
    // As hosted Supabase's edge does, whatever the caller sent: functions in the database limit callers by address.
    const address = { "cf-connecting-ip": request.socket.remoteAddress ?? "" };
    const headers = { ...(request.headers as IncomingRequest["headers"]), ...address };
    const identity = this.#identify(headers, apikey);
    if (!this.#snapshot) throw noSchemaCache();
    const incoming: IncomingRequest = {
      method: request.method ?? "GET",
      path: (mark < 0 ? url : url.slice(0, mark)) || "/",
      query,
      headers,
      body: await readBody(request),
    };
    return await answer(incoming, identity, this.#snapshot, this.#pool);
  }

  #refuse(response: ServerResponse, error: Error): void {
    // The grammar is recursive, and so is the plan.
    const isTooDeep = error instanceof RangeError && error.message.includes("call stack");
    const refusal = isTooDeep ? tooDeep() : error;
    if (!(refusal instanceof RestError)) return this.#fail(response, error);
    try {
      send(response, errorResponse(refusal), refusal.statusText);
    } catch (fault) {
      // A function raised a status, header or code that Node does not send.
      this.#fail(response, fault as Error);
    }
  }

  #fail(response: ServerResponse, error: Error): void {
    // A client that is gone reads no answer.
    if (response.destroyed || response.headersSent) return;
    this.#settings.report(`rest error: ${error.name} ${(error.stack ?? "").split("\n")[1]?.trim() ?? ""}`);
    send(response, {
      status: 500,
      headers: [["content-type", "text/plain; charset=utf-8"]],
      body: "Something went wrong",
    });
  }

  async stop(): Promise<void> {
    await this.#pool.close();
  }
}
