// Google is the only way in. Hosted Auth refuses the others by its configuration; Supabase Lite leaves some of them open.

const refusals = {
  email: { code: 422, error_code: "email_provider_disabled", msg: "Email logins are disabled" },
  phone: { code: 422, error_code: "phone_provider_disabled", msg: "Phone logins are disabled" },
  anonymous: { code: 422, error_code: "anonymous_provider_disabled", msg: "Anonymous sign-ins are disabled" },
  grant: { code: 400, error_code: "validation_failed", msg: "This grant type is not enabled" },
};

const paths = new Set(["/signup", "/otp", "/magiclink", "/recover", "/resend", "/verify", "/invite"]);
const openGrants = new Set(["pkce", "refresh_token"]);

async function refused(request, url) {
  const path = url.pathname.slice("/auth/v1".length);
  if (path === "/token") {
    const grant = url.searchParams.get("grant_type");
    if (openGrants.has(grant)) return null;
    return grant === "password" ? refusals.email : refusals.grant;
  }
  if (!paths.has(path) || !["GET", "POST"].includes(request.method)) return null;
  const body = await request.json().catch(() => ({}));
  if (body?.phone) return refusals.phone;
  return path === "/signup" && !body?.email ? refusals.anonymous : refusals.email;
}

/** The refusal of a sign-in by anything but Google, as Supabase Auth words it; null for every other request. */
export async function refuseOtherSignIns(request) {
  const refusal = await refused(request, new URL(request.url));
  if (!refusal) return null;
  return Response.json(refusal, { status: refusal.code, headers: { "x-sb-error-code": refusal.error_code } });
}
