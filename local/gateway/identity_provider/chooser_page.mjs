// The page on which one chooses whom to sign in as.

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text) => String(text).replace(/[&<>"']/g, (character) => escapes[character]);

const style = `
  body { margin: 0; min-height: 100vh; display: grid; grid-template-columns: minmax(0, 1fr); place-items: center; background: Canvas; color: CanvasText;
         font: 16px/1.5 system-ui, sans-serif; color-scheme: light dark; }
  main { width: min(26rem, 100% - 2rem); padding: 2rem 0; }
  h1 { font-size: 1.4rem; margin: 0; }
  p { margin: .25rem 0 1.5rem; opacity: .75; }
  ul { list-style: none; margin: 0; padding: 0; border: 1px solid #8884; border-radius: .75rem; overflow: hidden; }
  li + li { border-top: 1px solid #8884; }
  a { display: flex; gap: .9rem; align-items: center; padding: .7rem 1rem; color: inherit; text-decoration: none; }
  a:hover, a:focus-visible { background: #8882; }
  a:focus-visible { outline: 3px solid; outline-offset: -3px; border-radius: .75rem; }
  b, small { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  small { opacity: .75; }
  i { flex: none; width: 2.2rem; height: 2.2rem; border-radius: 50%; display: grid; place-items: center; color: white;
      font-style: normal; font-weight: 600; }
  span { min-width: 0; }`;

function row(user, query, index) {
  const choice = new URLSearchParams(query);
  choice.set("login_hint", user.sub);
  choice.delete("prompt");
  const label = user.name || user.email || user.sub;
  const hue = (index * 47 + 210) % 360;
  return `<li><a href="/authorize?${escape(choice)}">
    <i style="background:hsl(${hue} 45% 42%)" aria-hidden="true">${escape([...label][0].toUpperCase())}</i>
    <span><b>${escape(label)}</b><small>${escape(user.email ?? "no e-mail address")}</small></span></a></li>`;
}

export function chooserPage(users, query) {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><title>Choose an account</title><style>${style}</style></head>
<body><main><h1>Choose an account</h1><p>This stands in for Google. Everyone here is made up.</p>
<ul>${users.map((user, index) => row(user, query, index)).join("\n")}</ul></main></body></html>`;
}
