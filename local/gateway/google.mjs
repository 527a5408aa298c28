// Google's endpoints are written into Supabase Lite: lead the back channel and the browser to the local identity provider.

const backChannel = {
  "https://oauth2.googleapis.com/token": "/token",
  "https://www.googleapis.com/oauth2/v3/certs": "/jwks",
  "https://www.googleapis.com/userinfo/v2/me": "/userinfo",
};
const consentScreen = "https://accounts.google.com/o/oauth2/v2/auth";

/** A `fetch` that asks the identity provider whatever Supabase Lite would ask Google. */
export function fetchWithLocalGoogle(fetch, identityProviderUrl) {
  return (input, init) => {
    const path = backChannel[String(input?.url ?? input)];
    return path ? fetch(identityProviderUrl + path, init) : fetch(input, init);
  };
}

/** The answer with its way to Google's consent screen, if it is one, turned to the identity provider's. */
export function towardsLocalGoogle(response, identityProviderUrl) {
  const location = response.headers.get("location");
  if (!location?.startsWith(consentScreen)) return response;
  const headers = new Headers(response.headers);
  headers.set("location", `${identityProviderUrl}/authorize${new URL(location).search}`);
  return new Response(null, { status: response.status, headers });
}
