// PGRST3xx: what is wrong with a token (WWW-Authenticate: RFC 6750).
import { RestError } from "../errors/rest_error.ts";

const refusal = (code: string, message: string, details: string | null = null) =>
  new RestError(401, { code, message, details }, {
    headers: { "WWW-Authenticate": `Bearer error="invalid_token", error_description="${message}"` },
  });

export const undecodableToken = (message: string, details?: string) => refusal("PGRST301", message, details);
export const unsuitableKey = (details: string) => undecodableToken("No suitable key or wrong key type", details);
export const invalidClaims = (message: string) => refusal("PGRST303", message);
