// The arguments `filter` and `orderBy` of a collection, as pg_graphql has them.
// https://supabase.github.io/pg_graphql/api/#filtering
import { listOfCodec, sqlValueWithCodec } from "postgraphile/@dataplan/pg";
import { sql } from "postgraphile/@dataplan/pg/pg-sql2";
import { lambda } from "postgraphile/grafast";

const binary = (operator) => (column, value, codec) =>
  sql`${column} ${operator} ${sqlValueWithCodec(value, codec)}`;

const operators = {
  eq: binary(sql`=`),
  neq: binary(sql`<>`),
  gt: binary(sql`>`),
  gte: binary(sql`>=`),
  lt: binary(sql`<`),
  lte: binary(sql`<=`),
  in: (column, values, codec) => sql`${column} = any(${sqlValueWithCodec(values, listOfCodec(codec))})`,
  is: (column, value) => (value === "NULL" ? sql`${column} is null` : sql`${column} is not null`),
  startsWith: (column, value, codec) => sql`starts_with(${column}, ${sqlValueWithCodec(value, codec)})`,
  like: binary(sql`like`),
  ilike: binary(sql`ilike`),
  regex: binary(sql`~`),
  iregex: binary(sql`~*`),
};

const equality = ["eq", "neq", "in", "is"];
const ordered = [...equality, "gt", "gte", "lt", "lte"];
const operatorsOfType = {
  Boolean: ["eq", "is"],
  UUID: equality,
  String: [...ordered, "startsWith", "like", "ilike", "regex", "iregex"],
  ...Object.fromEntries(["Int", "Float", "BigInt", "BigFloat", "Date", "Datetime", "Time"].map((name) => [name, ordered])),
};

/** The columns of a table that its rows can be filtered and sorted by: field name -> column, codec and GraphQL type. */
export function filterable(build, codec) {
  const found = new Map();
  for (const [attributeName, attribute] of Object.entries(codec.attributes)) {
    if (!build.behavior.pgCodecAttributeMatches([codec, attributeName], "attribute:select")) continue;
    const type = build.getGraphQLTypeByPgCodec(attribute.codec, "input");
    if (!type || !operatorsOfType[type.name]) continue;
    found.set(build.inflection.attribute({ codec, attributeName }), { attributeName, codec: attribute.codec, type });
  }
  return found;
}

const nothing = sql`true`;
const all = (conditions) => (conditions.length ? sql.parens(sql.join(conditions, " and ")) : nothing);
const some = (conditions) => (conditions.length ? sql.parens(sql.join(conditions, " or ")) : nothing);

/** A `filter` as a condition on `table`; an empty one is no condition. */
export function conditionOf(filter, table, columns) {
  const parts = Object.entries(filter ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return all(
    parts.map(([name, value]) => {
      const each = () => [value].flat().map((part) => conditionOf(part, table, columns));
      if (name === "and") return all(each());
      if (name === "or") return some(each());
      if (name === "not") return Object.keys(value).length ? sql`not ${conditionOf(value, table, columns)}` : nothing;
      const { attributeName, codec } = columns.get(name);
      const column = sql`${table}.${sql.identifier(attributeName)}`;
      const asked = Object.entries(value).filter(([, operand]) => operand !== null && operand !== undefined);
      return all(asked.map(([operator, operand]) => operators[operator](column, operand, codec)));
    }),
  );
}

function applyOrder(queryBuilder, orders, columns) {
  for (const order of [orders ?? []].flat()) {
    for (const [name, direction] of Object.entries(order ?? {})) {
      if (!direction) continue;
      queryBuilder.orderBy({
        attribute: columns.get(name).attributeName,
        direction: direction.startsWith("Asc") ? "ASC" : "DESC",
        nulls: direction.endsWith("First") ? "FIRST" : "LAST",
      });
    }
  }
}

function registerTypes(build) {
  const { graphql, inflection } = build;
  build.registerEnumType("FilterIs", {}, () => ({ values: { NULL: {}, NOT_NULL: {} } }), "filter");
  const directions = ["AscNullsFirst", "AscNullsLast", "DescNullsFirst", "DescNullsLast"];
  const values = Object.fromEntries(directions.map((name) => [name, {}]));
  build.registerEnumType("OrderByDirection", {}, () => ({ values }), "orderBy");
  for (const [typeName, names] of Object.entries(operatorsOfType)) {
    const fields = () => {
      const type = build.getTypeByName(typeName);
      const list = new graphql.GraphQLList(new graphql.GraphQLNonNull(type));
      const typeOf = (name) => (name === "is" ? build.getTypeByName("FilterIs") : name === "in" ? list : type);
      return Object.fromEntries(names.map((name) => [name, { type: typeOf(name) }]));
    };
    build.registerInputObjectType(`${typeName}Filter`, {}, () => ({ fields }), "filter");
  }
  for (const codec of build.pgCodecMetaLookup.keys()) {
    if (!codec.attributes || codec.isAnonymous) continue;
    const table = inflection.tableType(codec);
    const fieldsOf = (typeOf) =>
      Object.fromEntries([...filterable(build, codec)].map(([name, column]) => [name, { type: typeOf(column) }]));
    build.registerInputObjectType(`${table}OrderBy`, {}, () => ({
      fields: () => fieldsOf(() => build.getTypeByName("OrderByDirection")),
    }), "orderBy");
    build.registerInputObjectType(`${table}Filter`, {}, () => ({
      fields: () => {
        const self = build.getTypeByName(`${table}Filter`);
        const list = new graphql.GraphQLList(new graphql.GraphQLNonNull(self));
        const own = fieldsOf(({ type }) => build.getTypeByName(`${type.name}Filter`));
        return { ...own, and: { type: list }, or: { type: list }, not: { type: self } };
      },
    }), "filter");
  }
}

export const FiltersPlugin = {
  name: "FiltersPlugin",
  schema: {
    hooks: {
      init(_, build) {
        registerTypes(build);
        return _;
      },
      GraphQLObjectType_fields_field_args(args, build, { scope }) {
        const codec = scope.pgFieldCodec ?? scope.pgFieldResource?.codec;
        if (!scope.isPgFieldConnection || !codec?.attributes) return args;
        const table = build.inflection.tableType(codec);
        const order = build.getTypeByName(`${table}OrderBy`);
        const columns = filterable(build, codec);
        const onSelect = (change) => (_parent, $connection, argument) => {
          const $change = lambda(argument.getRaw(), (value) => (queryBuilder) => change(queryBuilder, value));
          $connection.getSubplan().apply($change);
        };
        return build.extend(args, {
          filter: {
            type: build.getTypeByName(`${table}Filter`),
            applyPlan: onSelect((queryBuilder, filter) =>
              queryBuilder.where(conditionOf(filter, queryBuilder.alias, columns))),
          },
          orderBy: {
            type: new build.graphql.GraphQLList(new build.graphql.GraphQLNonNull(order)),
            applyPlan: onSelect((queryBuilder, orders) => applyOrder(queryBuilder, orders, columns)),
          },
        }, "filter and orderBy");
      },
    },
  },
};
