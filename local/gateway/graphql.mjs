// PostGraphile is loaded by the first request that wants it: a stack that does not use GraphQL pays nothing for it.

export function lazyGraphql(settings) {
  let loading;
  const load = async () => {
    process.env.GRAPHILE_ENV ??= "production";
    const { GraphqlEndpoint } = await import("./graphql/endpoint.mjs");
    return new GraphqlEndpoint(settings);
  };
  return {
    async fetch(request) {
      loading ??= load();
      return (await loading).fetch(request);
    },
    async reload() {
      (await loading)?.reload();
    },
    async stop() {
      await (await loading)?.stop();
    },
  };
}
