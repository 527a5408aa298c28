// What both servers of this folder share: listening, a clear end when they cannot, and leaving promptly when asked to.

const leaveWithinMs = 1000;

export function listen(server, { host, port, name }) {
  return new Promise((resolve) => {
    server.once("error", (error) => {
      const busy = error.code === "EADDRINUSE" ? `port ${port} is in use: set another, or stop what uses it` : error.message;
      fail(`${name}: ${busy}`);
    });
    server.listen(port, host, () => {
      process.stdout.write(`${name} listening on http://${host}:${server.address().port}\n`);
      resolve();
    });
  });
}

export function fail(line) {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

/** On Ctrl-C or a polite kill: answer what is being answered, wait for no idle connection, then leave. */
export function leaveOnSignal(server, stop = async () => {}) {
  let leaving = false;
  const leave = async () => {
    if (leaving) return;
    leaving = true;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), leaveWithinMs / 2);
    setTimeout(() => process.exit(0), leaveWithinMs);
    await closed;
    await stop();
    process.exit(0);
  };
  process.on("SIGTERM", leave);
  process.on("SIGINT", leave);
}
