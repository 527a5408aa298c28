// Connections as `authenticator`, which may become the roles of the API and nothing else.
import pg from "pg";
import { clientError, connectionError, databaseError, poolTimeout } from "../errors/database_errors.ts";
import type { DatabaseFailure } from "../errors/database_errors.ts";
import type { Statement } from "../sql/parameters.ts";
import { Pipeline, type Row, type Verdict } from "./pipeline.ts";
import { PreparedStatements } from "./prepared_statements.ts";

const MOST_CONNECTIONS = 10;
const ACQUISITION_MS = 10_000;
const IDLE_MS = 30_000;
const SQLSTATE = /^[0-9A-Z]{5}$/;
const TIMED_OUT = "timeout exceeded when trying to connect";

export class Pool {
  readonly #pool: pg.Pool;
  readonly #prepared = new Map<pg.PoolClient, PreparedStatements>();

  constructor(url: string) {
    this.#pool = new pg.Pool({
      connectionString: url,
      max: MOST_CONNECTIONS,
      idleTimeoutMillis: IDLE_MS,
      connectionTimeoutMillis: ACQUISITION_MS,
      application_name: "gateway rest",
    });
    // A connection that is lost while nobody uses it, or fails a query that hears of it by itself.
    const ignore = () => {};
    this.#pool.on("error", ignore);
    this.#pool.on("connect", (client) => {
      client.on("error", ignore);
      this.#prepared.set(client, new PreparedStatements());
    });
    this.#pool.on("remove", (client) => this.#prepared.delete(client));
  }

  async #acquire(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw (error as Error).message === TIMED_OUT ? poolTimeout() : connectionError();
    }
  }

  /** Runs `use` with a connection. Throws PGRST000, PGRST003 where there is none. */
  async with<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#acquire();
    let failure: Error | undefined;
    try {
      return await use(client);
    } catch (error) {
      failure = error as Error;
      throw error;
    } finally {
      client.release(isLost(failure));
    }
  }

  /**
   * The first row of each of the statements, which are one transaction.
   * Throws what the verdict says, the database's error, or PGRST000, PGRST001, PGRST003.
   */
  async run(statements: readonly Statement[], isAnonymous: boolean, verdict?: Verdict): Promise<(Row | undefined)[]> {
    return await this.with(async (client) => {
      const prepared = this.#prepared.get(client) ?? new PreparedStatements();
      const pipeline = client.query(new Pipeline(statements, prepared, verdict));
      await pipeline.finished;
      return pipeline.rows;
    }).catch((error: Error) => {
      throw isDatabaseFailure(error) ? databaseError(error, isAnonymous) : isLost(error) ? clientError() : error;
    });
  }

  /** After a change of the schema. */
  expireStatements(): void {
    for (const prepared of this.#prepared.values()) prepared.expire();
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

const isDatabaseFailure = (error: Error): error is Error & DatabaseFailure =>
  SQLSTATE.test((error as Partial<DatabaseFailure>).code ?? "") && "severity" in error;

/** A connection's end, which node-postgres and the operating system report without an SQLSTATE. */
const isLost = (error: Error | undefined): boolean =>
  error !== undefined && !isDatabaseFailure(error) &&
  ("syscall" in error || error.message.startsWith("Connection terminated"));
