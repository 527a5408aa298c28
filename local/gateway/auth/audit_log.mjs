// auth.audit_log_entries: what was done, by whom. The actions and their kinds are Auth's.
import { randomUUID } from "node:crypto";

const kinds = {
  account: ["login", "logout", "invite_accepted"],
  team: ["user_signedup", "user_invited", "user_deleted"],
  token: ["token_revoked", "token_refreshed"],
  factor: ["factor_unenrolled", "factor_deleted", "factor_updated"],
};

const kindOf = (action) => Object.keys(kinds).find((kind) => kinds[kind].includes(action)) ?? "user";

/** Writes down that `actor` (a user, or an administrator) did `action`. */
export async function audit(sql, actor, action, { traits, ip = "" } = {}) {
  const name = actor.raw_user_meta_data?.full_name;
  const payload = {
    action,
    actor_id: actor.id,
    ...(name !== undefined && { actor_name: name }),
    actor_username: actor.phone || actor.email || "",
    actor_via_sso: false,
    log_type: kindOf(action),
    ...(traits && { traits }),
  };
  await sql`
    insert into auth.audit_log_entries (instance_id, id, payload, created_at, ip_address)
    values ('00000000-0000-0000-0000-000000000000', ${randomUUID()}, ${sql.json(payload)}, now(), ${ip})`;
}
