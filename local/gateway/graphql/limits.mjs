// What a query may ask for: only what the schema has, not the schema itself, and no more than can be answered in a moment.
import * as graphql from "postgraphile/graphql";

const { Kind } = graphql;
const maxTokens = 5_000;
const maxDepth = 15;
const maxFields = 1_000;
const maxRows = 100_000;

const isPage = (name) => name === "first" || name === "last";

/** How many rows a field reads for each row around it; `isPaged`: it is a collection's. */
function rowsOf(field, isPaged, pageSize, variables) {
  if (!isPaged) return 1;
  const given = field.arguments.filter((argument) => isPage(argument.name.value)).map(({ value }) =>
    value.kind === Kind.VARIABLE ? variables?.[value.name.value] : Number(value.value));
  const asked = given.filter((count) => Number.isInteger(count) && count >= 0);
  return asked.length ? Math.min(pageSize, ...asked) : pageSize;
}

const none = { depth: 0, fields: 0, rows: 0, isPaged: false };
const beside = (one, other) => ({
  depth: Math.max(one.depth, other.depth),
  fields: one.fields + other.fields,
  rows: one.rows + other.rows,
  isPaged: one.isPaged || other.isPaged,
});

/** How deep an operation goes, how many fields it has and how many rows it reads if every page is full. */
function measure(operation, document, pageSize, variables) {
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  const sets = new Map(fragments.map(({ name, selectionSet }) => [name.value, selectionSet]));
  const known = new Map();

  // Each fragment once, however often it is spread: that is what makes such queries grow.
  function fragment(name) {
    if (!known.has(name)) known.set(name, within(sets.get(name)));
    return known.get(name);
  }
  function selection(node) {
    if (node.kind === Kind.FRAGMENT_SPREAD) return fragment(node.name.value);
    if (node.kind === Kind.INLINE_FRAGMENT) return within(node.selectionSet);
    if (!node.selectionSet) return { ...none, depth: 1, fields: 1 };
    const inner = within(node.selectionSet);
    const rows = rowsOf(node, inner.isPaged, pageSize, variables) * (1 + inner.rows);
    return { depth: inner.depth + 1, fields: inner.fields + 1, rows, isPaged: node.name.value === "edges" };
  }
  const within = ({ selections }) => selections.map(selection).reduce(beside, none);
  return within(operation.selectionSet);
}

// A suggestion would tell the names that introspection does not.
const withoutSuggestion = ({ message, nodes }) => new graphql.GraphQLError(message.replace(/ Did you mean .*$/, ""), { nodes });

/** The query's document; its faults, and nothing else, where it has any. */
export function read(schema, source, mayIntrospect) {
  try {
    const document = graphql.parse(source, { maxTokens });
    const rules = [...graphql.specifiedRules, ...(mayIntrospect ? [] : [graphql.NoSchemaIntrospectionCustomRule])];
    const errors = graphql.validate(schema, document, rules, { maxErrors: 10 }).map(withoutSuggestion);
    return errors.length ? { errors } : { document };
  } catch (error) {
    if (error instanceof graphql.GraphQLError) return { errors: [error] };
    throw error;
  }
}

function complaint(schema, document, { variables, operationName }, pageSize) {
  const operation = graphql.getOperationAST(document, operationName);
  if (!operation) return "Name one of the query's operations by operationName.";
  if (!schema.getRootType(operation.operation)) return `There is no ${operation.operation} that you may ask for.`;
  const { depth, fields, rows } = measure(operation, document, pageSize, variables);
  if (depth > maxDepth) return `The query is ${depth} levels deep; ${maxDepth} are allowed.`;
  if (fields > maxFields) return `The query asks for ${fields} fields; ${maxFields} are allowed.`;
  if (rows > maxRows) return `The query could read ${rows} rows; ${maxRows} are allowed. Ask for smaller pages (first).`;
  return null;
}

/** Why a valid query is not answered all the same; empty if it is. */
export function excess({ schema, pageSize }, document, body) {
  const message = complaint(schema, document, body, pageSize);
  return message ? [new graphql.GraphQLError(message)] : [];
}
