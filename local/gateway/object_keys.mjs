// The names of stored objects: which ones hosted Storage takes, and how they are written in an address.

// What S3 calls safe, and what needs care but works.
const allowed = /^(\w|\/|!|-|\.|\*|'|\(|\)| |&|\$|@|=|;|:|\+|,|\?)+$/;

export const isValidKey = (key) => allowed.test(key) && !key.split("/").includes("..");

export const invalidKey = (key) =>
  Response.json({ statusCode: "400", error: "InvalidKey", message: `Invalid key: ${key}` }, { status: 400 });

const decoded = (path) => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

/** The key in the path of an object's address, after what `prefix` (a regular expression) matches. */
export const keyOf = (pathname, prefix) => decoded(pathname.replace(prefix, ""));

/** The same request with its path encoded in the one way that Supabase Lite decodes in full. */
export function withPlainPath(request) {
  const url = new URL(request.url);
  const path = encodeURI(decoded(url.pathname)).replaceAll("?", "%3F").replaceAll("#", "%23");
  if (path === url.pathname || path.split("/").includes("..")) return request;
  const { method, headers, body } = request;
  return new Request(url.origin + path + url.search, { method, headers, body, duplex: "half" });
}
