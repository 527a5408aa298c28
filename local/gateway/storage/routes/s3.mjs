// Storage's S3 protocol is not served here: an unsigned request is answered as Storage does, a signed one with a clear no.

const answer = (code, message) =>
  `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Error xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
  `<Resource/><Code>${code}</Code><Message>${message}</Message></Error>`;

export async function s3Routes(app) {
  const refuse = async (request, reply) => {
    const isSigned = request.headers.authorization?.startsWith("AWS4-") || "X-Amz-Signature" in request.query;
    const [status, body] = isSigned
      ? [501, answer("NotImplemented", "The S3 protocol is not served locally")]
      : [403, answer("AccessDenied", "Missing signature")];
    return reply.code(status).type("application/xml; charset=utf-8").send(body);
  };
  for (const url of ["/", "/*"]) app.route({ method: ["GET", "HEAD", "PUT", "POST", "DELETE"], url, handler: refuse });
}
