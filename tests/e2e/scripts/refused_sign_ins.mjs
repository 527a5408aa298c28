// Every way of signing in or up that is not Google, by supabase-js.
import { client, main } from "./supabase.mjs";

await main(async ({ url, key }) => {
  const { auth } = client(url, key);
  const email = "somebody@example.com";
  const password = "correct horse battery staple";
  const attempts = {
    signUp: () => auth.signUp({ email, password }),
    password: () => auth.signInWithPassword({ email, password }),
    anonymous: () => auth.signInAnonymously(),
    emailCode: () => auth.signInWithOtp({ email }),
    phoneCode: () => auth.signInWithOtp({ phone: "+15555550100" }),
    verify: () => auth.verifyOtp({ email, token: "123456", type: "email" }),
    reset: () => auth.resetPasswordForEmail(email),
    idToken: () => auth.signInWithIdToken({ provider: "apple", token: "x.y.z" }),
  };
  const refusals = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    const { data, error } = await attempt();
    refusals[name] = { session: data?.session ?? null, status: error?.status ?? null, code: error?.code ?? null };
  }
  return refusals;
});
