// What the database says of its API: settings of the roles that authenticator may become, and PostgREST's own settings.
// https://docs.postgrest.org/en/v16/references/transactions.html#impersonated-role-settings
import type pg from "pg";

export interface RoleSettings {
  /** Names and values, set for the transaction. */
  settings: readonly (readonly [string, string])[];
  /** `serializable`, where the role has a default of its own. */
  isolation?: string;
}

export interface DatabaseSettings {
  roles: ReadonlyMap<string, RoleSettings>;
  /** `pgrst.*` of authenticator, without the prefix: `db_max_rows`. */
  api: ReadonlyMap<string, string>;
}

/** Those that the role may set for itself, as `alter role anon set statement_timeout = '3s'` has it. */
const ROLE_SETTINGS = `
select r.rolname as role, split_part(given, '=', 1) as name, substr(given, strpos(given, '=') + 1) as value
from pg_auth_members m
  join pg_roles r on r.oid = m.roleid
  cross join unnest(r.rolconfig) as given
  join pg_settings known on known.name = split_part(given, '=', 1)
where m.member = current_user::regrole
  and (known.context = 'user' or has_parameter_privilege(current_user, known.name, 'set'))`;

/** Those of this database come last and win. */
const API_SETTINGS = `
select split_part(given, '=', 1) as name, substr(given, strpos(given, '=') + 1) as value
from pg_db_role_setting s cross join unnest(s.setconfig) as given
where s.setrole = current_user::regrole and given like 'pgrst.%'
  and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
order by s.setdatabase <> 0`;

const PREFIX = "pgrst.";
const ISOLATION = "default_transaction_isolation";

export async function loadDatabaseSettings(client: pg.ClientBase): Promise<DatabaseSettings> {
  const { rows } = await client.query<{ role: string; name: string; value: string }>(ROLE_SETTINGS);
  const api = await client.query<{ name: string; value: string }>(API_SETTINGS);
  const roles = new Map<string, RoleSettings>();
  for (const { role, name, value } of rows) {
    const known = roles.get(role) ?? { settings: [] };
    roles.set(
      role,
      name === ISOLATION ? { ...known, isolation: value } : { ...known, settings: [...known.settings, [name, value]] },
    );
  }
  return { roles, api: new Map(api.rows.map(({ name, value }) => [name.slice(PREFIX.length), value])) };
}
