// Where a sign-in may return to: the site, loopback addresses, and the patterns of additional_redirect_urls.

const tokens = /\*\*|\\.|\[!?[^\]]+\]|[\s\S]/g;
const wildcards = new Map([["**", "[\\s\\S]*"], ["*", "[^./]*"], ["?", "[^./]"], ["{", "(?:"], ["}", ")"]]);
const isClass = (token) => token.length > 1 && token.startsWith("[");
const literally = (token) => token.at(-1).replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");

/**
 * A pattern of `additional_redirect_urls` (https://github.com/gobwas/glob with the separators `.` and `/`): `*` is any text
 * without a separator, `**` any text, `?` one character that is none, `[a-z]`, `[!a-z]` and `{a,b}` a choice.
 */
export function redirectPattern(text) {
  let depth = 0;
  const source = [...text.matchAll(tokens)].map(([token]) => {
    if (isClass(token)) return token.replace(/^\[!/, "[^").replaceAll("\\", "\\\\");
    if (token === "," && depth > 0) return "|";
    if (token === "{") depth += 1;
    if (token === "}") depth -= 1;
    return wildcards.get(token) ?? literally(token);
  });
  return new RegExp(`^${source.join("")}$`);
}

const isLoopback = (host) => /^127(\.\d{1,3}){3}$/.test(host) || host === "[::1]";
const isAddress = (host) => /^\d+(\.\d+){3}$/.test(host) || host.startsWith("[");
// What browsers would read as an address of another form is refused (Auth: decimalIPAddressPattern).
const namesDecimalAddress = (text) => /^[a-z][a-z0-9+.-]*:\/\/([^/?#@]*@)?\d+(:\d*)?([/?#]|$)/i.test(text);
const regularHostname = /^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/;

/** Whether a sign-in may return there. */
export function isRedirectAllowed(address, { siteUrl, redirectPatterns }) {
  // A browser reads a backslash as a slash, and leaves out what is no visible character.
  if (!URL.canParse(address) || /[\\\s\p{Cc}]/u.test(address) || namesDecimalAddress(address)) return false;
  const [site, wanted] = [new URL(siteUrl), new URL(address)];
  const host = wanted.hostname;
  const isLocal = host === "localhost" || isLoopback(host);
  if (site.hostname === host && site.protocol === wanted.protocol && (site.port === wanted.port || isLocal)) return true;
  if (isAddress(host)) return isLoopback(host);
  if (/^https?:$/.test(wanted.protocol) && !regularHostname.test(host)) return false;
  const [text] = address.split("#", 1);
  return redirectPatterns.some((pattern) => pattern.test(text));
}

/** Where a request's sign-in returns to: what it asks for where that is allowed, else the page it comes from, else the site. */
export function redirectTarget(request, configuration) {
  const asked = request.headers.redirect_to ?? request.query.redirect_to;
  const candidates = [asked, request.headers.referer].filter((each) => typeof each === "string");
  return candidates.find((each) => isRedirectAllowed(each, configuration)) ?? configuration.siteUrl;
}

/** The address with more parameters in its query, and others in its fragment. */
export function withParameters(address, query, fragment) {
  const url = new URL(address);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  if (fragment) url.hash = new URLSearchParams({ ...fragment, sb: "" }).toString();
  return url.href;
}
