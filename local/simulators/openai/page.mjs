// The page that shows what this simulator is, received and does: as local/simulators/page.py makes the others'.
import { readFileSync } from "node:fs";

const style = readFileSync(new URL("../page.css", import.meta.url), "utf8");
const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text) => String(text).replace(/[&<>"']/g, (character) => escapes[character]);
const code = (text) => `<code>${escape(text)}</code>`;
const none = (text) => `<p class="muted">${escape(text)}</p>`;
const row = (...cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;

/** The same state that programs get as JSON. */
export function page({ simulator, about, counts, behaviours, kinds, requests }) {
  const inForce = Object.entries(behaviours).flatMap(([subject, entries]) => entries.map((entry) => row(code(subject), code(JSON.stringify(entry)))));
  const received = Object.entries(counts).map(([subject, count]) => `<li><strong>${count}</strong> ${subject === "*" ? "in all" : `for ${escape(subject)}`}</li>`);
  const known = Object.entries(kinds).map(([kind, does]) => row(code(kind), escape(does)));
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><link rel="icon" href="data:,"><title>${simulator} simulator</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head>
<body>
<h1>${simulator} simulator</h1>
<p>${escape(about)}</p>
<h2>Received</h2>
<ul>${received.join("")}</ul>
${requests.length ? `<table>${requests.map(request).join("")}</table>` : none("Nothing yet.")}
<h2>Behaviours in force</h2>
${inForce.length ? `<table>${inForce.join("")}</table>` : none("None: it answers as the vendor normally does.")}
<h2>Behaviours it knows</h2>
<table>${known.join("")}</table>
</body></html>`;
}

function request({ at, method, path, status, ...details }) {
  const look = status >= 400 ? "bad" : "good";
  const body = `<pre>${escape(JSON.stringify(details, null, 2))}</pre>`;
  return row(
    escape(String(at).slice(11, 23)),
    `<details><summary>${code(`${method} ${path}`)}</summary>${body}</details>`,
    status === undefined || status === null ? "waiting" : `<span class="${look}">${escape(status)}</span>`,
  );
}
