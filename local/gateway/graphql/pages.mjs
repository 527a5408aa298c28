// Pages of a collection: never more rows than the directive `max_rows` allows, also where nothing is asked for.
import { lambda } from "postgraphile/grafast";

const pageOf = (maxRows) => ([first, last]) => ({
  first: last == null ? Math.min(first ?? maxRows, maxRows) : first,
  last: last == null ? undefined : Math.min(last, maxRows),
});

export const pagesPlugin = (maxRows) => ({
  name: "PagesPlugin",
  schema: {
    hooks: {
      GraphQLObjectType_fields_field_args(args, _build, { scope }) {
        if (!scope.isPgFieldConnection || !args.first || !args.last) return args;
        return { ...args, first: { ...args.first, applyPlan: undefined }, last: { ...args.last, applyPlan: undefined } };
      },
      GraphQLObjectType_fields_field(field, _build, { scope }) {
        if (!scope.isPgFieldConnection) return field;
        return {
          ...field,
          plan($parent, fieldArgs, info) {
            const $connection = field.plan($parent, fieldArgs, info);
            const $page = lambda([fieldArgs.getRaw("first"), fieldArgs.getRaw("last")], pageOf(maxRows));
            $connection.setFirst(lambda($page, ({ first }) => first));
            $connection.setLast(lambda($page, ({ last }) => last));
            return $connection;
          },
        };
      },
    },
  },
});
