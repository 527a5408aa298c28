// One line for each request and each failure; never a query string, header or value, which may carry codes and tokens.

export const log = (line) => process.stdout.write(`${line}\n`);

export function logRequest(request, response) {
  const started = performance.now();
  const path = request.url.split("?", 1)[0];
  response.on("close", () => {
    const status = response.writableFinished ? response.statusCode : "closed";
    log(`${request.method} ${path} ${status} ${Math.round(performance.now() - started)} ms`);
  });
}

/** What may be said of an error: its code and the first line of its message. */
export function describe(error) {
  if (!(error instanceof Error)) return String(error).split("\n", 1)[0];
  const { code, message } = error;
  const line = message.split("\n", 1)[0];
  return code ? `${code}: ${line}` : line;
}

/** Libraries write whole errors to the console, with values of the request in them: keep the line, drop the rest. */
export function quietConsole() {
  console.error = (...parts) => log(`error: ${parts.map(describe).join(" ")}`);
  console.warn = () => {};
  console.log = () => {};
  console.info = () => {};
}
