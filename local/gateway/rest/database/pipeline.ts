// Statements of one transaction, sent to PostgreSQL in one go: the extended protocol's pipeline, up to one Sync, is a
// transaction of its own. https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
import type { Statement } from "../sql/parameters.ts";
import type { PreparedStatements } from "./prepared_statements.ts";
import type { WireConnection } from "./wire.ts";

export type Row = readonly (string | null)[];

/** What judges the last statement's row before the transaction is committed: an error rolls it back. */
export type Verdict = (row: Row | undefined) => Error | null;

const ROLLBACK = "rollback";

/** A query of node-postgres's own kind (pg.Submittable), like pg-cursor. */
export class Pipeline {
  /** The first row of each statement. */
  readonly rows: (Row | undefined)[] = [];
  readonly #statements: readonly Statement[];
  readonly #prepared: PreparedStatements;
  readonly #verdict: Verdict | undefined;
  /** For each statement, whether this pipeline had it parsed. */
  readonly #isNew: boolean[] = [];
  #refusal: Error | null = null;
  #done = 0;
  #isSynced = false;
  readonly #outcome = Promise.withResolvers<void>();

  constructor(statements: readonly Statement[], prepared: PreparedStatements, verdict?: Verdict) {
    this.#statements = statements;
    this.#prepared = prepared;
    this.#verdict = verdict;
  }

  /** Resolves once all of it is committed; rejects with the database's error, or the verdict's. */
  get finished(): Promise<void> {
    return this.#outcome.promise;
  }

  submit(connection: WireConnection): void {
    const { stream } = connection;
    stream.cork();
    this.#prepared.makeRoom(this.#statements.length, connection);
    for (const statement of this.#statements) {
      this.#isNew.push(!this.#prepared.has(statement.text));
      connection.bind({ statement: this.#prepared.prepare(statement.text, connection), values: statement.values });
      connection.execute({ rows: 0 });
    }
    if (this.#verdict) connection.flush();
    else this.#sync(connection);
    stream.uncork();
  }

  #sync(connection: WireConnection): void {
    this.#isSynced = true;
    connection.sync();
  }

  handleDataRow({ fields }: { fields: Row }): void {
    this.rows[this.#done] ??= fields;
  }

  handleCommandComplete(_message: unknown, connection: WireConnection): void {
    this.#done++;
    if (this.#isSynced || this.#done < this.#statements.length) return;
    this.#refusal = this.#verdict?.(this.rows[this.#done - 1]) ?? null;
    if (this.#refusal) {
      connection.parse({ text: ROLLBACK, name: "", types: [] });
      connection.bind({});
      connection.execute({ rows: 0 });
    }
    this.#sync(connection);
  }

  handleReadyForQuery(): void {
    if (this.#refusal) this.#outcome.reject(this.#refusal);
    else this.#outcome.resolve();
  }

  handleError(error: Error, connection: WireConnection): void {
    const undone = this.#statements.filter((_, index) => index >= this.#done && this.#isNew[index]);
    for (const { text } of undone) this.#prepared.close(text, connection);
    if (!this.#isSynced) this.#sync(connection);
    this.#outcome.reject(error);
  }

  handleRowDescription(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
}
