// Names as pg_graphql gives them: `projectCollection`, `nodeId`, no `nodes` beside `edges`.
export const NamingPlugin = {
  name: "NamingPlugin",
  inflection: {
    replace: {
      nodeIdFieldName: () => "nodeId",
      // PostGraphile would call a column `id` `rowId`, to keep `id` for what is `nodeId` here.
      _attributeName(_previous, _options, { attributeName, codec }) {
        return this.coerceToGraphQLName(codec.attributes[attributeName].extensions?.tags?.name || attributeName);
      },
      tableType(_previous, _options, codec) {
        return this.upperCamelCase(this._codecName(codec));
      },
      allRowsConnection(_previous, _options, resource) {
        return this.camelCase(`${this.tableType(resource.codec)}-collection`);
      },
      manyRelationConnection(_previous, _options, details) {
        return this._manyRelation(details);
      },
    },
  },
  schema: {
    hooks: {
      GraphQLObjectType_fields(fields, _build, { scope }) {
        if (!scope.isConnectionType) return fields;
        const { nodes, ...kept } = fields;
        return kept;
      },
    },
  },
};
