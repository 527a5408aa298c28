// Errors as Supabase Storage answers them: the real status is in the body; outside it is 400, or 500 for a failure of its own.

export class StorageError extends Error {
  /** `status` goes into the body as `statusCode`, `httpStatus` is the answer's own. */
  constructor({ status, code, message, error = code, httpStatus = status === 500 ? 500 : 400 }) {
    super(message);
    Object.assign(this, { status, code, error, httpStatus });
  }

  get body() {
    return { statusCode: String(this.status), error: this.error, message: this.message, code: this.code };
  }
}

const make = (status, code, message, rest = {}) => new StorageError({ status, code, message, ...rest });

export const noSuchBucket = () => make(404, "NoSuchBucket", "Bucket not found", { error: "Bucket not found" });
export const noSuchKey = () => make(404, "NoSuchKey", "Object not found", { error: "not_found" });
export const bytesNotFound = () => make(404, "NoSuchKey", "The resource was not found", { error: "Not found" });
export const keyAlreadyExists = () => make(409, "KeyAlreadyExists", "The resource already exists", { error: "Duplicate" });
export const bucketAlreadyExists = () =>
  make(409, "BucketAlreadyExists", "The resource already exists", { error: "Duplicate" });
export const resourceAlreadyExists = () =>
  make(409, "ResourceAlreadyExists", "The resource already exists", { error: "Duplicate" });
export const bucketNotEmpty = () => make(409, "ResourceNotEmpty", "The bucket you tried to delete is not empty");
export const accessDenied = (message = "Access denied", httpStatus = 400) =>
  make(403, "AccessDenied", message, { error: "Unauthorized", httpStatus });
export const invalidKey = (key) => make(400, "InvalidKey", `Invalid key: ${key}`);
export const invalidBucketName = () => make(400, "InvalidBucketName", "Bucket name invalid", { error: "Invalid Input" });
export const invalidRequest = (message) => make(400, "InvalidRequest", message);
export const invalidParameter = (name, message = `Invalid Parameter ${name}`) => make(400, "InvalidParameter", message);
export const invalidUploadId = () => make(400, "InvalidUploadId", "Invalid upload id");
export const invalidJwt = (message) => make(400, "InvalidJWT", message);
export const invalidSignature = (message = "Invalid signature") => make(400, "InvalidSignature", message);
export const invalidMimeType = (type) =>
  make(415, "InvalidMimeType", `mime type ${type} is not supported`, { error: "invalid_mime_type" });
export const entityTooLarge = (entity = "object") =>
  make(413, "EntityTooLarge", `The ${entity} exceeded the maximum allowed size`, { error: "Payload too large" });
export const invalidRange = () =>
  make(416, "InvalidRange", "invalid range provided", { error: "invalid_range", httpStatus: 416 });
export const databaseTimeout = () =>
  make(544, "DatabaseTimeout", "The connection to the database timed out", { httpStatus: 544 });
export const databaseError = (state) => make(500, "DatabaseError", `database error, code: ${state}`);
export const internalError = (message = "Internal Server Error", error = "Internal") =>
  make(500, "InternalError", message, { error });
