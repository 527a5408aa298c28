// What is used of node-postgres's connection, below its queries: messages of PostgreSQL's protocol, one method each.
import type { Duplex } from "node:stream";
import type { Value } from "../sql/parameters.ts";

export interface WireConnection {
  stream: Duplex;
  parse(message: { name: string; text: string; types: readonly number[] }): void;
  bind(message: { statement?: string; values?: readonly Value[] }): void;
  execute(message: { rows: number }): void;
  close(message: { type: "S" | "P"; name: string }): void;
  flush(): void;
  sync(): void;
}
