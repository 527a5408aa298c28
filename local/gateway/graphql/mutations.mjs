// insertInto..., update... and deleteFrom...Collection, as pg_graphql has them.
// https://supabase.github.io/pg_graphql/api/#mutationtype
import { pgSelect, sideEffectWithPgClientTransaction, sqlValueWithCodec, TYPES } from "postgraphile/@dataplan/pg";
import { sql } from "postgraphile/@dataplan/pg/pg-sql2";
import { lambda, object } from "postgraphile/grafast";
import { conditionOf, filterable } from "./filters.mjs";

/** What a caller reads, in our words. */
export class Refused extends Error {}

const alias = sql.identifier("changed");

/** The columns that a role may write, by their field names. */
function columnsFor(build, codec, behavior) {
  const found = new Map();
  for (const [attributeName, attribute] of Object.entries(codec.attributes)) {
    if (!build.behavior.pgCodecAttributeMatches([codec, attributeName], behavior)) continue;
    const type = build.getGraphQLTypeByPgCodec(attribute.codec, "input");
    const name = build.inflection.attribute({ codec, attributeName });
    if (type) found.set(name, { attributeName, codec: attribute.codec, type });
  }
  return found;
}

const names = (fields, columns) => sql.join(fields.map((name) => sql.identifier(columns.get(name).attributeName)), ", ");
const valueOf = (row, name, columns) =>
  name in row ? sqlValueWithCodec(row[name], columns.get(name).codec) : sql`default`;

const statements = {
  insert(resource, { objects }, { written }) {
    if (!objects.length) throw new Refused("At least one record is to be given.");
    const given = new Set(objects.flatMap(Object.keys));
    const fields = given.size ? [...given] : [...written.keys()].slice(0, 1); // a row of defaults names a column all the same
    const rows = objects.map((row) => sql`(${sql.join(fields.map((name) => valueOf(row, name, written)), ", ")})`);
    return sql`insert into ${resource.from} as ${alias} (${names(fields, written)}) values ${sql.join(rows, ", ")}`;
  },
  update(resource, { set, filter }, { written, columns }) {
    const changes = Object.keys(set).map((name) => sql`${names([name], written)} = ${valueOf(set, name, written)}`);
    if (!changes.length) throw new Refused("At least one value is to be set.");
    const where = conditionOf(filter, alias, columns);
    return sql`update ${resource.from} as ${alias} set ${sql.join(changes, ", ")} where ${where}`;
  },
  delete(resource, { filter }, { columns }) {
    return sql`delete from ${resource.from} as ${alias} where ${conditionOf(filter, alias, columns)}`;
  },
};

/** What the caller may read of a changed row, as JSON. */
function readable(build, codec) {
  const seen = Object.keys(codec.attributes).filter((name) =>
    build.behavior.pgCodecAttributeMatches([codec, name], "attribute:select"));
  const pairs = seen.map((name) => sql`${sql.literal(name)}::text, ${alias}.${sql.identifier(name)}`);
  return sql`json_build_object(${sql.join(pairs, ", ")})`;
}

/** Runs the statement as the caller; the rows that it changed. Too many take it back. */
function change(kind, resource, types) {
  return async (client, given) => {
    const statement = statements[kind](resource, given, types);
    const { text, values } = sql.compile(sql`${statement} returning ${types.row} as row`);
    const { rows } = await client.query({ text, values });
    if (rows.length > (given.atMost ?? Infinity)) throw new Refused(`${kind} impacts too many records`);
    return rows.map(({ row }) => row);
  };
}

function registerTypes(build, codec) {
  const { graphql, inflection } = build;
  const table = inflection.tableType(codec);
  for (const [kind, behavior] of [["Insert", "attribute:insert"], ["Update", "attribute:update"]]) {
    const columns = () => [...columnsFor(build, codec, behavior)];
    const fields = () => Object.fromEntries(columns().map(([name, { type }]) => [name, { type }]));
    build.registerInputObjectType(`${table}${kind}Input`, {}, () => ({ fields }), "mutation");
  }
  for (const kind of ["Insert", "Update", "Delete"]) {
    build.registerObjectType(`${table}${kind}Response`, {}, () => ({
      fields: () => ({
        affectedCount: {
          type: new graphql.GraphQLNonNull(graphql.GraphQLInt),
          plan: ($rows) => lambda($rows, (rows) => rows.length),
        },
        records: {
          type: nonNullListOf(graphql, build.getTypeByName(table)),
          plan: ($rows) => recordsOf(build.pgTableResource(codec), $rows),
        },
      }),
    }), "mutation");
  }
}

const nonNullListOf = ({ GraphQLList, GraphQLNonNull }, type) =>
  new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(type)));

// The changed rows stand for the table, so that everything that can be asked of it can be asked of them.
const recordsOf = (resource, $rows) =>
  pgSelect({
    resource,
    identifiers: [],
    args: [{ step: $rows, pgCodec: TYPES.json, name: "rows" }],
    from: (rows) => sql`json_populate_recordset(null::${resource.from}, ${rows.placeholder})`,
  });

function fieldsFor(build, resource) {
  const { graphql } = build;
  const { codec } = resource;
  const table = build.inflection.tableType(codec);
  const required = (name) => ({ type: new graphql.GraphQLNonNull(build.getTypeByName(name)) });
  const filter = { type: build.getTypeByName(`${table}Filter`) };
  const atMost = { type: new graphql.GraphQLNonNull(graphql.GraphQLInt), defaultValue: 1 };
  const field = (kind, args) => {
    const written = kind === "delete" ? new Map() : columnsFor(build, codec, `attribute:${kind}`);
    const run = change(kind, resource, { written, columns: filterable(build, codec), row: readable(build, codec) });
    const Kind = kind[0].toUpperCase() + kind.slice(1);
    return {
      type: build.getTypeByName(`${table}${Kind}Response`),
      args,
      plan: (_$root, fieldArgs) => {
        const given = Object.fromEntries(Object.keys(args).map((name) => [name, fieldArgs.getRaw(name)]));
        return sideEffectWithPgClientTransaction(resource.executor, object(given), run);
      },
    };
  };
  const objects = () => ({ type: nonNullListOf(graphql, build.getTypeByName(`${table}InsertInput`)) });
  const offered = {
    insert: [`insertInto${table}Collection`, () => field("insert", { objects: objects() })],
    update: [`update${table}Collection`, () => field("update", { set: required(`${table}UpdateInput`), filter, atMost })],
    delete: [`deleteFrom${table}Collection`, () => field("delete", { filter, atMost })],
  };
  return Object.entries(offered)
    .filter(([kind]) => build.behavior.pgResourceMatches(resource, `resource:${kind}`))
    .map(([, [name, make]]) => [name, make()]);
}

const isTable = ({ parameters, isVirtual, codec }) => !parameters && !isVirtual && codec.attributes && !codec.isAnonymous;

export const MutationsPlugin = {
  name: "MutationsPlugin",
  schema: {
    hooks: {
      init(_, build) {
        for (const { codec } of Object.values(build.pgResources).filter(isTable)) registerTypes(build, codec);
        return _;
      },
      GraphQLObjectType_fields(fields, build, { scope }) {
        if (!scope.isRootMutation) return fields;
        const tables = Object.values(build.pgResources).filter(isTable);
        const own = Object.fromEntries(tables.flatMap((resource) => fieldsFor(build, resource)));
        return build.extend(fields, own, "mutations");
      },
    },
  },
};
