// How the simulator is set to behave: by subject, so that tests that share it do not disturb each other. A subject is any
// text that a request contains (a user's safety identifier, a word of their prompt), or `*`.

const designs = ["/v1/chat/completions"];
const images = ["/v1/images/generations"];
const moderations = ["/v1/moderations"];
const everything = [...designs, ...images, ...moderations];

/** What each kind does, and which paths it is about (`on` narrows it to one). */
export const kinds = {
  blocks: { about: "answers with these blocks", paths: designs },
  answer: { about: "answers with this text", paths: designs },
  malformed: { about: "answers with JSON that breaks off, as if it were complete", paths: designs },
  truncated: { about: "answers with half a design because the limit of tokens is reached", paths: designs },
  invalid: { about: "answers with a block that is not in the catalogue", paths: designs },
  obeys: { about: "does what an injected text asks for: `leak` (system, sentence, canary, key), disguised `as` reported", paths: designs },
  refusal: { about: "refuses, as models do", paths: designs },
  filtered: { about: "is stopped by the content filter", paths: designs },
  slow: { about: "waits `seconds` before each event of a stream", paths: designs },
  dropped: { about: "closes the connection after so many `events`", paths: designs },
  broken_stream: { about: "sends an event that is not JSON", paths: designs },
  stream_error: { about: "sends an error in the middle of the stream", paths: designs },
  no_usage: { about: "does not tell what was used", paths: designs },
  image: { about: "draws `what`: jpeg, webp, text, tiny, huge, nothing", paths: images },
  flagged: { about: "finds the text against the policies", paths: moderations },
  delay: { about: "answers after `seconds`", paths: everything },
  rate_limited: { about: "429, with Retry-After where `retry_after` is given", paths: everything },
  spent: { about: "429 because the account has no credit left", paths: everything },
  server_error: { about: "500", paths: everything },
  invalid_key: { about: "401", paths: everything },
  wrong_shape: { about: "200 with JSON of another shape", paths: everything },
};

export class FaultRules {
  #entries = new Map();

  /** Replaces the behaviours of the named subjects; returns what is wrong with them, if anything is. */
  put(wanted) {
    if (wanted === null || typeof wanted !== "object" || Array.isArray(wanted)) return "must be an object of subjects";
    for (const list of Object.values(wanted)) {
      if (!Array.isArray(list)) return "each subject has a list of behaviours";
      const unknown = list.find((each) => !(each?.kind in kinds));
      if (unknown !== undefined) return `unknown kind: ${unknown?.kind}`;
    }
    for (const [subject, list] of Object.entries(wanted)) {
      this.#entries.set(subject, list.map((each) => ({ behaviour: each, left: each.times ?? Infinity })));
    }
    return undefined;
  }

  remove(subject) {
    if (subject) this.#entries.delete(subject);
    else this.#entries.clear();
  }

  /** The first behaviour that holds for a request, using one of its times; named subjects go before `*`. */
  match(body, path) {
    const named = [...this.#entries].filter(([subject]) => subject !== "*" && body.includes(subject));
    const all = [...named, ["*", this.#entries.get("*") ?? []]];
    for (const entry of all.flatMap(([, list]) => list)) {
      const paths = entry.behaviour.on ? [entry.behaviour.on] : kinds[entry.behaviour.kind].paths;
      if (entry.left > 0 && paths.includes(path)) {
        entry.left -= 1;
        return entry.behaviour;
      }
    }
    return undefined;
  }

  toJSON() {
    return Object.fromEntries([...this.#entries].map(([subject, list]) => [
      subject, list.map(({ behaviour, left }) => ({ ...behaviour, ...(left === Infinity ? {} : { left }) })),
    ]));
  }
}
