// What Auth says of itself and of the project: health, settings, keys.

const name = "GoTrue";
const version = "v2.196.0";
const description = "GoTrue is a user registration and authentication API";
const otherProviders = [
  ...["anonymous_users", "apple", "azure", "bitbucket", "discord", "facebook", "snapchat", "figma", "fly", "github", "gitlab"],
  ...["keycloak", "kakao", "linkedin", "linkedin_oidc", "notion", "spotify", "slack", "slack_oidc", "workos", "twitch", "twitter"],
  ...["email", "phone", "zoom"],
];
const closed = Object.fromEntries(otherProviders.map((each) => [each, false]));

function settingsOf({ google, allowsSignup }) {
  return {
    external: { ...closed, google: google.enabled },
    disable_signup: !allowsSignup,
    mailer_autoconfirm: false,
    phone_autoconfirm: false,
    sms_provider: "",
    saml_enabled: false,
    saml_private_key_next_configured: false,
    passkeys_enabled: false,
  };
}

// OpenID Connect Discovery 1.0, 3.
const discoveryOf = (issuer) => ({
  issuer,
  authorization_endpoint: `${issuer}/oauth/authorize`,
  token_endpoint: `${issuer}/oauth/token`,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  userinfo_endpoint: `${issuer}/oauth/userinfo`,
  scopes_supported: ["openid", "profile", "email", "phone", "offline_access"],
  response_types_supported: ["code"],
  response_modes_supported: ["query"],
  grant_types_supported: ["authorization_code", "refresh_token"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256", "HS256", "ES256"],
  token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
  claims_supported: [
    ...["sub", "aud", "iss", "exp", "iat", "auth_time", "nonce", "email", "email_verified", "phone_number"],
    ...["phone_number_verified", "name", "picture", "preferred_username", "updated_at"],
  ],
  code_challenge_methods_supported: ["S256", "plain"],
});

export const projectRoutes = ({ settings, configuration }) => async (app) => {
  const cached = (reply, body) => reply.header("cache-control", "public, max-age=600").send(body);
  app.get("/health", async () => ({ version, name, description }));
  app.get("/settings", async () => settingsOf(configuration));
  app.get("/.well-known/jwks.json", async (_request, reply) => cached(reply, settings.tokenKeys.jwks));
  app.get("/.well-known/openid-configuration", async (_request, reply) => cached(reply, discoveryOf(configuration.issuer)));
};
