// Storage's transactions: each runs as the caller's role, with the settings by which policies know the request.
import postgres from "postgres";
import { serviceCaller } from "./request_role.mjs";
import { asStorageError } from "./sql_errors.mjs";

const connections = 10;

export function openDatabase(url) {
  return postgres(url, {
    max: connections,
    connection: { application_name: "storage" },
    types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
    connect_timeout: 5,
    idle_timeout: 60,
    backoff: () => 0.2,
    onnotice: () => {},
  });
}

/** Makes what follows in the transaction run as `caller`, until the next call. */
function setScope(transaction, caller, request) {
  const { role, claims, token } = caller;
  return transaction`select
    set_config('role', ${role}, true),
    set_config('request.jwt.claim.role', ${role}, true),
    set_config('request.jwt', ${token}, true),
    set_config('request.jwt.claim.sub', ${String(claims.sub ?? "")}, true),
    set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
    set_config('request.headers', ${JSON.stringify(request.headers)}, true),
    set_config('request.method', ${request.method}, true),
    set_config('request.path', ${request.url}, true),
    set_config('storage.operation', ${request.operation ?? ""}, true),
    set_config('storage.allow_delete_query', 'true', true)`;
}

class RolledBack extends Error {}

/** One request's way to the database. `request` is `{ headers, method, url, operation }`. */
export class Session {
  constructor(sql, caller, request) {
    Object.assign(this, { sql, caller, request });
  }

  async #transaction(caller, work) {
    try {
      return await this.sql.begin(async (transaction) => {
        await setScope(transaction, caller, this.request);
        return work(transaction);
      });
    } catch (error) {
      throw error instanceof RolledBack ? error : asStorageError(error);
    }
  }

  /** What `work` gives, run as the caller. */
  asCaller(work) {
    return this.#transaction(this.caller, work);
  }

  /** What `work` gives, run as service_role: policies do not apply. */
  asService(work) {
    return this.#transaction(serviceCaller, work);
  }

  /** In a transaction of the caller's: what `work` gives as service_role. */
  async elevated(transaction, work) {
    await setScope(transaction, serviceCaller, this.request);
    const result = await work(transaction);
    await setScope(transaction, this.caller, this.request);
    return result;
  }

  /** Does `work` as the caller and rolls it back: throws what the policies refuse, else changes nothing. */
  async test(work) {
    let result;
    try {
      await this.asCaller(async (transaction) => {
        result = await work(transaction);
        throw new RolledBack();
      });
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
    }
    return result;
  }

  /** The same session as service_role in all it does. */
  elevate() {
    return new Session(this.sql, serviceCaller, this.request);
  }
}
