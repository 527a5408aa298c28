// What the simulator received: the latest requests, each with how it ended.

const capacity = 2000;

export class Journal {
  #entries = [];

  /** Notes a request as it arrives. `ended` is `answered`, or `hung up` where the client left before the end. */
  open(request, response, body) {
    const entry = {
      method: request.method,
      path: request.url,
      at: new Date().toISOString(),
      accept: request.headers.accept,
      attempt: Number(request.headers["x-stainless-retry-count"] ?? 0),
      body,
      status: null,
      ended: null,
    };
    this.#entries.push(entry);
    if (this.#entries.length > capacity) this.#entries.shift();
    response.once("close", () => {
      entry.status = response.headersSent ? response.statusCode : null;
      entry.ended = response.writableFinished ? "answered" : "hung up";
    });
    return entry;
  }

  about(subject) {
    return subject === "*" ? this.#entries : this.#entries.filter(({ body }) => body.includes(subject));
  }

  clear() {
    this.#entries = [];
  }
}
