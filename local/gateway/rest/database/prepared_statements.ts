// Prepared statements of one connection, by their text. The least recently used make room.
import type { WireConnection } from "./wire.ts";

const MOST = 200;

export class PreparedStatements {
  readonly #names = new Map<string, string>();
  #count = 0;
  #isStale = false;

  has(text: string): boolean {
    return !this.#isStale && this.#names.has(text);
  }

  /**
   * Closes what is stale, and what `count` more statements leave no room for. Before the first statement of a pipeline: what
   * comes after one that fails, the database does not read.
   */
  makeRoom(count: number, connection: WireConnection): void {
    if (this.#isStale) this.#closeAll(connection);
    const excess = this.#names.size + count - MOST;
    for (const text of [...this.#names.keys()].slice(0, Math.max(excess, 0))) this.close(text, connection);
  }

  /** The name of the statement, sent to be parsed where it is not there yet. */
  prepare(text: string, connection: WireConnection): string {
    const known = this.#names.get(text);
    if (known !== undefined) {
      this.#names.delete(text);
      this.#names.set(text, known);
      return known;
    }
    const name = `rest_${this.#count++}`;
    connection.parse({ text, name, types: [] });
    this.#names.set(text, name);
    return name;
  }

  /** Also where it is not known whether it was parsed: to close what is not there is no error. */
  close(text: string, connection: WireConnection): void {
    const name = this.#names.get(text);
    if (name !== undefined) connection.close({ type: "S", name });
    this.#names.delete(text);
  }

  /** After a change of the schema: each statement is parsed again when it is next used. */
  expire(): void {
    this.#isStale = true;
  }

  #closeAll(connection: WireConnection): void {
    this.#isStale = false;
    for (const text of [...this.#names.keys()]) this.close(text, connection);
  }
}
