// Second factors (auth.mfa_factors). The project has them switched off: none is enrolled, and one that is there can be removed.
import { isUuid } from "./request_role.mjs";
import { failing, notFound } from "./errors.mjs";

/** The user's factor. Raises: AuthError. */
export function findFactor({ factors }, id) {
  if (!isUuid(id)) throw notFound("validation_failed", "factor_id must be an UUID");
  const factor = factors.find((each) => each.id === id);
  if (!factor) throw notFound("mfa_factor_not_found", "Factor not found");
  return factor;
}

/** Removes a factor; sessions that it raised are those of one factor again. */
export async function deleteFactor(sql, factor) {
  await sql`delete from auth.mfa_factors where id = ${factor.id}`.catch(failing("Database error deleting factor"));
  await sql`update auth.sessions set aal = 'aal1', factor_id = null where factor_id = ${factor.id}`;
}
