// Values of a statement beside its text. Those from requests are never part of the text, and have no type of their own, so
// that Postgres reads them as what they are compared with.

export type Value = string | Buffer | null;

export class Parameters {
  readonly values: Value[] = [];

  /** The placeholder of a value. Text ends at a null character, which Postgres knows none of, as it does in PostgREST. */
  add(value: Value): string {
    this.values.push(typeof value === "string" && value.includes("\0") ? value.slice(0, value.indexOf("\0")) : value);
    return `$${this.values.length}`;
  }
}

export interface Statement {
  text: string;
  values: readonly Value[];
}
