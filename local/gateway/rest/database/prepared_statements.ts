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

  /** The name of the statement, sent to be parsed where it is not there yet. */
  prepare(text: string, connection: WireConnection): string {
    if (this.#isStale) this.#closeAll(connection);
    const known = this.#names.get(text);
    if (known !== undefined) {
      this.#names.delete(text);
      this.#names.set(text, known);
      return known;
    }
    if (this.#names.size >= MOST) this.close(this.#names.keys().next().value as string, connection);
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
