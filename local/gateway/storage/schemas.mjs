// The JSON that Storage takes and answers with, as JSON Schema; Fastify checks requests by it and writes answers by it.

const text = { type: "string" };
const nullable = (...types) => ({ anyOf: [...types, { type: "null" }] });
const open = { type: "object", additionalProperties: true };
const sortBy = (columns) => ({
  type: "object",
  properties: { column: { type: "string", enum: columns }, order: { type: "string", enum: ["asc", "desc"] } },
  required: ["column"],
});
const expiresIn = { type: "integer", minimum: 1 };
const sizeLimit = {
  anyOf: [
    { type: "integer", nullable: true, minimum: 0 },
    { type: "string", pattern: "^[0-9]+(?:\\.[0-9]+)?(?:[gG][bB]|[mM][bB]|[kK][bB]|[bB])$", nullable: true },
  ],
};
const mimeTypes = { type: "array", nullable: true, items: text };

export const bucket = {
  type: "object",
  properties: {
    id: text,
    name: text,
    owner: text,
    public: { type: "boolean" },
    type: text,
    file_size_limit: { type: ["integer", "null"] },
    allowed_mime_types: { type: ["array", "null"], items: text },
    created_at: text,
    updated_at: text,
  },
};

export const object = {
  type: "object",
  properties: {
    name: text,
    bucket_id: text,
    owner: text,
    owner_id: text,
    version: text,
    id: nullable(text),
    updated_at: nullable(text),
    created_at: nullable(text),
    last_accessed_at: nullable(text),
    metadata: nullable(open),
    user_metadata: nullable(open),
  },
};

export const answers = (schema) => ({ response: { 200: schema } });
export const message = { type: "object", properties: { message: text } };
export const uploaded = { type: "object", properties: { Id: text, Key: text }, required: ["Key"] };
export const copied = { type: "object", properties: { Id: text, Key: text, ...object.properties }, required: ["Key"] };

export const createBucket = {
  type: "object",
  properties: {
    name: text,
    id: text,
    public: { type: "boolean" },
    type: { type: "string", enum: ["STANDARD", "ANALYTICS"] },
    file_size_limit: sizeLimit,
    allowed_mime_types: mimeTypes,
  },
  required: ["name"],
};

export const updateBucket = {
  type: "object",
  minProperties: 1,
  properties: { public: { type: "boolean" }, file_size_limit: sizeLimit, allowed_mime_types: mimeTypes },
  anyOf: ["public", "file_size_limit", "allowed_mime_types"].map((name) => ({ required: [name] })),
};

export const listBuckets = {
  type: "object",
  properties: {
    limit: { type: "integer", minimum: 1 },
    offset: { type: "integer", minimum: 0 },
    sortColumn: { type: "string", enum: ["id", "name", "created_at", "updated_at"] },
    sortOrder: { type: "string", enum: ["asc", "desc"] },
    search: text,
  },
};

export const signOne = { type: "object", properties: { expiresIn, transform: open }, required: ["expiresIn"] };

export const signMany = {
  type: "object",
  properties: { expiresIn, paths: { type: "array", items: text, minItems: 1, maxItems: 1000 } },
  required: ["expiresIn", "paths"],
};

export const list = {
  type: "object",
  properties: {
    prefix: text,
    limit: { type: "integer", minimum: 1 },
    offset: { type: "integer", minimum: 0 },
    sortBy: sortBy(["name", "updated_at", "created_at", "last_accessed_at"]),
    search: text,
  },
  required: ["prefix"],
};

export const listKeys = {
  type: "object",
  properties: {
    prefix: text,
    limit: { type: "integer", minimum: 1 },
    cursor: text,
    with_delimiter: { type: "boolean" },
    sortBy: sortBy(["name", "updated_at", "created_at"]),
  },
};

export const removal = {
  type: "object",
  properties: { prefixes: { type: "array", items: text, minItems: 1 } },
  required: ["prefixes"],
};

const twoKeys = { bucketId: text, sourceKey: text, destinationBucket: text, destinationKey: text };
export const move = { type: "object", properties: twoKeys, required: ["bucketId", "sourceKey", "destinationKey"] };
export const copy = {
  type: "object",
  properties: {
    ...twoKeys,
    metadata: { type: "object", properties: { cacheControl: text, mimetype: text } },
    copyMetadata: { type: "boolean" },
  },
  required: ["sourceKey", "bucketId", "destinationKey"],
};

export const token = { type: "object", properties: { token: text, download: text }, required: ["token"] };
export const download = { type: "object", properties: { download: text } };
