// Turns API keys into tokens of their roles, as servers want them that have no gateway of their own in front.
import { signToken } from "./sign_token.mjs";

const roleToken = (role, secret) => signToken({ role, iss: "supabase", exp: 4102444800 }, secret);

/** The request's headers, with an API key's role for its token where the caller brings no token of their own. */
export function keyTranslation({ publishableKey, secretKey, jwtSecret }) {
  const roles = new Map([
    [publishableKey, "anon"],
    [secretKey, "service_role"],
  ]);
  return (request) => {
    const bearer = request.headers.authorization?.replace(/^Bearer\s+/i, "");
    const key = roles.has(bearer) || !bearer ? (bearer ?? request.headers.apikey) : undefined;
    if (!jwtSecret || !roles.has(key)) return request.rawHeaders;
    const token = roleToken(roles.get(key), jwtSecret);
    const kept = request.rawHeaders.filter((_, i, all) => !/^(authorization|apikey)$/i.test(all[i - (i % 2)]));
    return [...kept, "Authorization", `Bearer ${token}`, "apikey", token];
  };
}
