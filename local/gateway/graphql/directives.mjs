// The `@graphql({...})` directives in the database's comments, which pg_graphql reads on a hosted project, as PostGraphile's
// smart tags: one source of names, keys and relations for both.
// https://supabase.github.io/pg_graphql/configuration/

const pattern = /@graphql\((.+)\)/s;

export const directivesOf = (comment) => JSON.parse(comment?.match(pattern)?.[1] ?? "{}");

function foreignKeyTag({ local_columns, local_name, foreign_schema, foreign_table, foreign_columns, foreign_name }) {
  const target = `${foreign_schema}.${foreign_table} (${foreign_columns.join(",")})`;
  return `(${local_columns.join(",")}) references ${target}|@fieldName ${foreign_name}|@foreignFieldName ${local_name}`;
}

function tagsOfClass({ name, primary_key_columns, foreign_keys, totalCount }) {
  const tags = { behavior: totalCount?.enabled ? "totalCount" : "-totalCount" };
  if (name) tags.name = name;
  if (primary_key_columns) tags.primaryKey = primary_key_columns.join(",");
  if (foreign_keys) tags.foreignKey = foreign_keys.map(foreignKeyTag);
  return tags;
}

const tagsOfConstraint = ({ local_name, foreign_name }) => ({
  ...(foreign_name && { fieldName: foreign_name }),
  ...(local_name && { foreignFieldName: local_name }),
});

/** The description around the directive. */
const textOf = (comment) => comment?.replace(pattern, "").trim();

function translate(entity, tagsOf) {
  const comment = entity.getDescription() ?? "";
  const kept = entity.getTagsAndDescription();
  Object.assign(kept.tags, tagsOf(directivesOf(comment)));
  kept.description = textOf(comment) || undefined;
}

export const CommentDirectivesPlugin = {
  name: "CommentDirectivesPlugin",
  provides: ["smart-tags"],
  before: ["PgFakeConstraintsPlugin"],
  gather: {
    hooks: {
      pgIntrospection_introspection(_info, { introspection }) {
        for (const pgClass of introspection.classes) {
          if (pgClass.getNamespace()?.nspname === "public") translate(pgClass, tagsOfClass);
        }
        for (const pgConstraint of introspection.constraints) {
          if (pgConstraint.getClass()?.getNamespace()?.nspname === "public") translate(pgConstraint, tagsOfConstraint);
        }
      },
    },
  },
};
