// An error as PostgREST answers it. https://docs.postgrest.org/en/v16/references/errors.html

export interface ErrorBody {
  /** Missing where the gateway refuses, before PostgREST. */
  code?: string;
  message: string;
  details?: unknown;
  hint?: string | null;
}

export class RestError extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: Readonly<Record<string, string>>;
  /** The HTTP reason phrase, where a function chose one (`raise sqlstate 'PT402'`). */
  readonly statusText?: string;

  constructor(
    status: number,
    body: ErrorBody,
    { headers = {}, statusText }: { headers?: Record<string, string>; statusText?: string } = {},
  ) {
    super(body.message);
    this.status = status;
    const { code, message, details = null, hint = null } = body;
    this.body = code === undefined ? body : { code, details, hint, message };
    this.headers = headers;
    this.statusText = statusText;
  }

  /** As JSON. */
  text(): string {
    return JSON.stringify(this.body);
  }
}
