// The members of a request's JSON body, of the types that Auth reads them by.
import { badRequest } from "./errors.mjs";

const typeOf = (value) => (Array.isArray(value) ? "array" : value === null ? "null" : typeof value);
const empty = { string: "", boolean: false, object: undefined, text: undefined };
const expected = { string: "string", text: "string", boolean: "boolean", object: "object" };

/**
 * The members that `shape` names by their types, with Go's zero value where one is missing or null: `string` (""), `text`
 * (undefined), `boolean` (false), `object` (undefined). Raises: AuthError (bad_json).
 */
export function readParameters({ body }, shape) {
  const fail = (reason) => badRequest("bad_json", `Could not parse request body as JSON: ${reason}`);
  let members;
  try {
    members = JSON.parse(body ?? "");
  } catch (error) {
    throw fail(error.message);
  }
  if (typeOf(members) !== "object") throw fail(`cannot read ${typeOf(members)} as an object`);
  return Object.fromEntries(
    Object.entries(shape).map(([name, type]) => {
      const value = members[name];
      if (value === undefined || value === null) return [name, empty[type]];
      if (typeOf(value) !== expected[type]) throw fail(`cannot read ${typeOf(value)} as ${name} of type ${expected[type]}`);
      return [name, value];
    }),
  );
}
