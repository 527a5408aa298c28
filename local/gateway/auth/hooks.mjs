// The project's hooks: functions of the database that Auth asks (https://supabase.com/docs/guides/auth/auth-hooks).
import { randomUUID } from "node:crypto";
import { AuthError, internal } from "./errors.mjs";

const timeout = "2s";

async function call(sql, { schema, name, uri }, input) {
  try {
    return await sql.savepoint(async (nested) => {
      await nested`select set_config('statement_timeout', ${timeout}, true)`;
      const [{ output }] = await nested`select ${nested(`${schema}.${name}`)}(${nested.json(input)}) as output`;
      await nested`set local statement_timeout to default`;
      return output;
    });
  } catch (error) {
    throw internal(`Error running hook URI: ${uri}`, error);
  }
}

/**
 * What a hook answers to `input`, in a transaction.
 * Raises: AuthError, where it refuses: `{"error": {"http_code": 403, "message": "…"}}`.
 */
export async function runHook(sql, hook, name, input, request) {
  const metadata = { uuid: randomUUID(), time: new Date().toISOString(), name, ip_address: request.ip };
  const output = (await call(sql, hook, { metadata, ...input })) ?? {};
  const { message, http_code: status = 500 } = output.error ?? {};
  if (message) throw new AuthError(status, undefined, message);
  return output;
}
