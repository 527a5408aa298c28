// One GraphQL schema for each role, of what that role may do: built by PostGraphile when it is first asked for.
import { makeSchema } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { CommentDirectivesPlugin, directivesOf } from "./directives.mjs";
import { FiltersPlugin } from "./filters.mjs";
import { MutationsPlugin } from "./mutations.mjs";
import { NamingPlugin } from "./naming.mjs";
import { pagesPlugin } from "./pages.mjs";

// What pg_graphql does not have, or has in another form (filters.mjs, mutations.mjs).
const disablePlugins = [
  "QueryQueryPlugin",
  "MutationPayloadQueryPlugin",
  "NodeAccessorPlugin",
  "PgRowByUniquePlugin",
  "PgMutationCreatePlugin",
  "PgMutationUpdateDeletePlugin",
  "PgMutationPayloadEdgePlugin",
  "PgConditionArgumentPlugin",
  "PgConditionCustomFieldsPlugin",
  "PgConnectionArgOrderByPlugin",
  "PgConnectionArgOrderByDefaultValuePlugin",
  "PgOrderAllAttributesPlugin",
  "PgOrderByPrimaryKeyPlugin",
  "PgOrderCustomFieldsPlugin",
];

const pool = { max: 5, idleTimeoutMillis: 10_000, connectionTimeoutMillis: 5_000, application_name: "gateway graphql" };

export class Schemas {
  #service;
  #built = new Map();

  constructor(databaseUrl) {
    this.#service = this.#serve({ connectionString: databaseUrl, poolConfig: pool });
  }

  #serve(connection, role) {
    return makePgService({
      ...connection,
      schemas: ["public"],
      pubsub: false,
      pgSettings: ({ pgSettings }) => pgSettings,
      ...(role && { pgSettingsForIntrospection: { role } }),
    });
  }

  /** `{ schema, resolvedPreset, pageSize, documents }` for a role; rejects where the database cannot be asked. */
  of(role) {
    if (!this.#built.has(role)) {
      const building = this.#build(role);
      this.#built.set(role, building);
      building.catch(() => this.#built.get(role) === building && this.#built.delete(role));
    }
    return this.#built.get(role);
  }

  async #build(role) {
    const { pool: shared } = this.#service.adaptorSettings;
    const comment = "select obj_description('public'::regnamespace) as text";
    const { rows } = await shared.query(comment);
    const pageSize = directivesOf(rows[0].text).max_rows ?? 30;
    const preset = {
      extends: [PostGraphileAmberPreset],
      plugins: [CommentDirectivesPlugin, NamingPlugin, FiltersPlugin, MutationsPlugin, pagesPlugin(pageSize)],
      disablePlugins,
      pgServices: [this.#serve({ pool: shared }, role)],
      schema: { defaultBehavior: "connection insert update delete -list -mutationField", jsonScalarAsString: true },
      grafast: { timeouts: { planning: 1_000, execution: 10_000 } },
    };
    return { ...(await makeSchema(preset)), pageSize, documents: new Map() };
  }

  /** After a change of the database's schema. */
  forget() {
    this.#built.clear();
  }

  async stop() {
    await this.#service.release();
  }
}
