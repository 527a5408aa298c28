// What the project has switched off: the ways to sign in that are not Google's, and features that it does not use.
import { requireAdministrator } from "../request_role.mjs";
import { badRequest, invalid, notFound, unprocessable } from "../errors.mjs";
import { readParameters } from "../parameters.mjs";
import { checkPassword } from "../passwords.mjs";

const contact = { email: "string", phone: "string" };

function signUp(request, configuration) {
  const { email, phone, password } = readParameters(request, { ...contact, password: "string" });
  if (!email && !phone) throw unprocessable("anonymous_provider_disabled", "Anonymous sign-ins are disabled");
  if (!configuration.allowsSignup) throw unprocessable("signup_disabled", "Signups not allowed for this instance");
  if (!password) throw invalid("Signup requires a valid password");
  checkPassword(password, configuration);
  if (email && phone) throw invalid("Only an email address or phone number should be provided on signup.");
  throw email
    ? badRequest("email_provider_disabled", "Email signups are disabled")
    : badRequest("phone_provider_disabled", "Phone signups are disabled");
}

function sendOtp(request) {
  const { email, phone } = readParameters(request, contact);
  if (email && phone) throw invalid("Only an email address or phone number should be provided");
  if (email) throw unprocessable("email_provider_disabled", "Email logins are disabled");
  if (phone) throw badRequest("phone_provider_disabled", "Unsupported phone provider");
  throw invalid("One of email or phone must be set");
}

const resendTypes = { signup: "email", email_change: "email", sms: "phone", phone_change: "phone" };

function resend(request) {
  const { type, email, phone } = readParameters(request, { ...contact, type: "string" });
  if (!Object.hasOwn(resendTypes, type)) throw invalid("Missing one of these types: signup, email_change, sms, phone_change");
  if (email && phone) throw invalid("Only an email address or phone number should be provided.");
  if (email) throw badRequest("email_provider_disabled", "Email logins are disabled");
  if (phone) throw badRequest("phone_provider_disabled", "Phone logins are disabled");
  throw invalid("Missing email address or phone number");
}

const features = [
  ["/passkeys", "passkey_disabled", "Passkeys are disabled"],
  ["/sso", "saml_provider_disabled", "SAML 2.0 is disabled"],
  ["/oauth", "feature_disabled", "OAuth server is disabled"],
  ["/user/oauth", "feature_disabled", "OAuth server is disabled"],
  ["/.well-known/oauth-authorization-server", "feature_disabled", "OAuth server is disabled"],
];
const administrators = [
  ["/admin/oauth", "feature_disabled", "OAuth server is disabled"],
  ["/admin/custom-providers", "feature_disabled", "Custom OAuth providers are disabled"],
];

const refuse = (code, message) => async () => {
  throw notFound(code, message);
};

export const closedRoutes = (auth) => async (app) => {
  const { configuration } = auth;
  app.post("/signup", async (request) => signUp(request, configuration));
  app.post("/otp", async (request) => sendOtp(request));
  app.post("/resend", async (request) => resend(request));
  app.post("/magiclink", async () => {
    throw unprocessable("email_provider_disabled", "Email logins are disabled");
  });
  app.post("/recover", async () => {
    throw badRequest("email_provider_disabled", "Email logins are disabled");
  });

  for (const [path, code, message] of features) for (const each of [path, `${path}/*`]) app.all(each, refuse(code, message));
  for (const [path, code, message] of administrators) {
    const preHandler = (request) => requireAdministrator(request, auth);
    for (const each of [path, `${path}/*`]) app.all(each, { preHandler }, refuse(code, message));
  }
  app.get("/admin/sso/providers", { preHandler: (request) => requireAdministrator(request, auth) }, async () => ({ items: [] }));
};

