// What is used of node-postgres, for the type checker, which looks into no npm package. https://node-postgres.com
import type { WireConnection } from "./wire.ts";

declare namespace pg {
  interface ClientBase {
    // deno-lint-ignore no-explicit-any
    query<Row = any>(text: string, values?: readonly unknown[]): Promise<{ rows: Row[] }>;
    /** A query of one's own kind; it is returned as it is. */
    query<Q extends Submittable>(query: Q): Q;
    on(event: "error", listener: (error: Error) => void): this;
  }

  interface PoolClient extends ClientBase {
    /** `true`: the connection is of no more use. */
    release(destroy?: boolean): void;
  }

  /** Other methods of it are called with the messages that PostgreSQL sends. */
  interface Submittable {
    submit(connection: WireConnection): void;
  }

  interface PoolConfig {
    connectionString: string;
    max: number;
    idleTimeoutMillis: number;
    connectionTimeoutMillis: number;
    application_name: string;
  }

  class Pool {
    constructor(config: PoolConfig);
    connect(): Promise<PoolClient>;
    on(event: "error", listener: (error: Error) => void): this;
    on(event: "connect" | "remove", listener: (client: PoolClient) => void): this;
    end(): Promise<void>;
  }
}

export default pg;
