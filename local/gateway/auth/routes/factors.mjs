// /factors: second factors of the signed-in user.
import { audit } from "../audit_log.mjs";
import { requireUser } from "../request_role.mjs";
import { internal, invalid, unprocessable } from "../errors.mjs";
import { deleteFactor, findFactor } from "../factors.mjs";
import { readParameters } from "../parameters.mjs";

const names = { totp: "TOTP", phone: "Phone", webauthn: "WebAuthn" };

const closed = (type, what) =>
  unprocessable(`mfa_${type}_${what === "enroll" ? "enroll" : "verify"}_not_enabled`, `MFA ${what} is disabled for ${names[type]}`);

export const factorRoutes = (auth) => async (app) => {
  app.post("/factors", async (request) => {
    const { session } = await requireUser(request, auth);
    if (!session) throw internal("A valid session and a registered user are required to enroll a factor");
    const { factor_type: type } = readParameters(request, { factor_type: "string" });
    if (!Object.hasOwn(names, type)) throw invalid("factor_type needs to be totp, phone, or webauthn");
    throw closed(type, "enroll");
  });

  for (const step of ["challenge", "verify"]) {
    app.post(`/factors/:id/${step}`, async (request) => {
      const { user } = await requireUser(request, auth);
      throw closed(findFactor(user, request.params.id).factor_type, "verification");
    });
  }

  app.delete("/factors/:id", async (request) => {
    const { user, session } = await requireUser(request, auth);
    const factor = findFactor(user, request.params.id);
    if (factor.status === "verified" && session?.aal !== "aal2") {
      throw unprocessable("insufficient_aal", "AAL2 required to unenroll verified factor");
    }
    await auth.sql.begin(async (sql) => {
      await deleteFactor(sql, factor);
      const traits = { factor_id: factor.id, factor_status: factor.status, session_id: session?.id };
      await audit(sql, user, "factor_unenrolled", { traits });
    });
    return { id: factor.id };
  });
};
