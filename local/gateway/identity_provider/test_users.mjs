// Test users who can sign in here; supabase/seed.sql knows the first two. The last ones are odd on purpose.

const ordinary = [
  { sub: "100000000000000000001", email: "ada@example.com", name: "Ada Lovelace" },
  { sub: "100000000000000000002", email: "grace@example.com", name: "Grace Hopper" },
  { sub: "100000000000000000003", email: "katherine@example.com", name: "Katherine Johnson" },
  { sub: "100000000000000000004", email: "ada@example.org", name: "Ada Yonath" },
].map((user) => ({ ...user, picture: `https://example.com/pictures/${user.sub}.png` }));

const odd = [
  {
    sub: "100000000000000000005",
    email: "žofia.łętowska+λ@例え.example",
    name: "Žofia Łętowska 🌸 نور 山田",
    picture: "https://example.com/pictures/žofia.png",
  },
  { sub: "100000000000000000006", email: "no.picture@example.com", name: "No Picture" },
  { sub: "100000000000000000007", email: "no.name@example.com", picture: "https://example.com/pictures/7.png" },
  {
    sub: "100000000000000000008",
    email: "long.name@example.com",
    name: "Long Name ".repeat(30).trim().padEnd(300, "e"),
    picture: "https://example.com/pictures/8.png",
  },
];

/** The users by their Google id; a user may be added, or changed by adding the same id again. */
export function createUsers() {
  const users = new Map([...ordinary, ...odd].map((user) => [user.sub, user]));
  return {
    all: () => [...users.values()],
    add: (user) => users.set(user.sub, user),
    get: (sub) => users.get(sub),
    /** By Google id or by e-mail address, as Google's login_hint. */
    find: (hint) => users.get(hint) ?? [...users.values()].find((user) => user.email === hint),
  };
}
