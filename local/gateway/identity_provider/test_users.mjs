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

/** The people by their Google id; a person may be added, or changed by adding the same id again. */
export function createPeople() {
  const people = new Map([...ordinary, ...odd].map((person) => [person.sub, person]));
  return {
    all: () => [...people.values()],
    add: (person) => people.set(person.sub, person),
    get: (sub) => people.get(sub),
    /** By Google id or by e-mail address, as Google's login_hint. */
    find: (hint) => people.get(hint) ?? [...people.values()].find((person) => person.email === hint),
  };
}
