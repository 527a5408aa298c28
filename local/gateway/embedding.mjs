// Embedding: `projects?select=title,users(username)`. PostgREST takes a table for a join table only where its primary key holds
// both foreign keys; Supabase Lite takes any table that refers to both sides, and then finds `users` ambiguous. Where one
// foreign key leads straight from the one to the other, it is named here, as a client could: `users!projects_user_id_fkey`.

const isJoinKind = (hint) => hint === "inner" || hint === "left";

/** The one foreign key between two relations, in either direction; undefined where there is none or more than one. */
function directForeignKey(foreignKeys, parent, target) {
  const between = foreignKeys.filter(
    (key) =>
      (key.table === parent && key.ref_table === target) || (key.table === target && key.ref_table === parent),
  );
  const names = new Set(between.map((key) => key.foreign_key_name));
  return names.size === 1 ? [...names][0] : undefined;
}

/** `select` below `parent`, with the direct foreign key named wherever nothing else is. */
export function withNamedForeignKeys(select, parent, foreignKeys) {
  let at = 0;

  function list(relation) {
    let out = "";
    let item = "";
    while (at < select.length && select[at] !== ")") {
      const character = select[at++];
      if (character === "(") {
        const [name, ...hints] = item.split("!");
        const target = name.slice(name.lastIndexOf(":") + 1).replace(/^\.\.\./, "").trim();
        const key = hints.every(isJoinKind) && directForeignKey(foreignKeys, relation, target);
        out += `${key ? [name, key, ...hints].join("!") : item}(${list(target)})`;
        at++; // the closing parenthesis
        item = "";
      } else if (character === ",") {
        out += `${item},`;
        item = "";
      } else {
        item += character;
      }
    }
    return out + item;
  }

  return list(parent);
}

/** The request, its `select` made unambiguous. */
export function withUnambiguousEmbedding(request, introspection) {
  const url = new URL(request.url);
  const select = url.searchParams.get("select");
  const relation = url.pathname.match(/^\/rest\/v1\/([^/]+)$/)?.[1];
  if (!relation || !select?.includes("(") || select.includes('"')) return request;
  const named = withNamedForeignKeys(select, decodeURIComponent(relation), introspection.foreign_keys);
  if (named === select) return request;
  url.searchParams.set("select", named);
  return new Request(url, request);
}
