// The page that shows what this simulator is, received and does: as local/simulators/page.py makes the others'.
import { readFileSync } from "node:fs";

const style = readFileSync(new URL("../page.css", import.meta.url), "utf8");
const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text) => String(text).replace(/[&<>"']/g, (character) => escapes[character]);
const code = (text) => `<code>${escape(text)}</code>`;
/** Plain text in which `backticks` mark code. */
const prose = (text) => escape(text).split("`").map((part, index) => index % 2 ? `<code>${part}</code>` : part).join("");
const none = (text) => `<p class="muted">${escape(text)}</p>`;
const row = (...cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;

/** The same state that programs get as JSON. */
export function page({ simulator, about, counts, behaviours, kinds, requests }) {
  const inForce = Object.entries(behaviours).flatMap(([subject, entries]) => entries.map((entry) => row(code(subject), code(JSON.stringify(entry)))));
  const received = Object.entries(counts).map(([subject, count]) => `<li><strong>${count}</strong> ${subject === "*" ? "in all" : `for ${escape(subject)}`}</li>`);
  const known = Object.entries(kinds).map(([kind, does]) => row(code(kind), prose(does)));
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><link rel="icon" href="data:,"><title>${simulator} simulator</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head>
<body>
<h1>${simulator} simulator</h1>
<p>${prose(about)}</p>
<h2>Received</h2>
<ul class="counts">${received.join("")}</ul>
${requests.length ? table(["Time", "Request", "Asks", "Answer"], requests.map(request)) : none("Nothing yet.")}
<h2>Behaviours in force</h2>
${inForce.length ? table(["Subject", "Behaviour"], inForce) : none("None: it answers as the vendor normally does.")}
<details><summary><h2 style="display: inline-block">Behaviours it knows (${known.length})</h2></summary>
${table(["Kind", "What it does"], known)}
</details>
</body></html>`;
}

const table = (headings, rows) => `<table><tr>${headings.map((name) => `<th>${name}</th>`).join("")}</tr>${rows.join("")}</table>`;

function request({ at, method, path, status, ended, attempt, body }) {
  const look = status >= 400 ? "bad" : "good";
  const asked = parse(body);
  const answer = status === null ? none(ended ?? "waiting") : `<span class="status ${look}">${escape(status)}</span>`;
  return row(
    escape(String(at).slice(11, 23)),
    `<details><summary>${code(`${method} ${path}`)}</summary>${parts(asked)}</details>`,
    [escape(asked.model ?? ""), attempt > 0 ? `retry ${attempt}` : "", ended === "hung up" ? "hung up" : ""].filter(Boolean).join(", "),
    answer,
  );
}

function parse(body) {
  try {
    return Object(JSON.parse(body));
  } catch {
    return { body };
  }
}

/** What a request asks: each message as its text, everything else as JSON behind another click. */
function parts({ messages, ...rest }) {
  const said = [messages ?? []].flat().map((message) => `<p class="who">${escape(message?.role ?? "")}</p><pre>${escape(textOf(message?.content))}</pre>`);
  return `${said.join("")}<details><summary class="muted">everything else</summary><pre>${escape(JSON.stringify(rest, null, 2))}</pre></details>`;
}

/** A message's content is a text, or a list of parts. */
function textOf(content) {
  if (typeof content === "string") return readable(content);
  return [content ?? []].flat().map((part) => part?.text ?? JSON.stringify(part)).join("\n");
}

function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
