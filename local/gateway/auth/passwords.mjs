// Passwords. No sign-in takes one while [auth.email] is off, yet users and administrators may set them, as at Auth.
import { randomBytes } from "node:crypto";
import { compare, hash } from "bcryptjs";
import { AuthError, invalid, unprocessable } from "./errors.mjs";

const cost = 10;
const longest = 72; // bytes; bcrypt reads no more

class WeakPassword extends AuthError {
  constructor(minimum) {
    super(422, "weak_password", `Password should be at least ${minimum} characters.`);
    this.extra = { weak_password: { reasons: ["length"] } };
  }
}

/** Raises: AuthError, for a password that is too short or too long. */
export function checkPassword(password, { minimumPasswordLength: minimum }) {
  if (Buffer.byteLength(password) > longest) throw invalid("Password cannot be longer than 72 characters");
  if (password.length < minimum) throw new WeakPassword(minimum);
}

export const hashPassword = (password) => hash(password, cost);

/** A password that nobody knows. */
export const randomPassword = () => randomBytes(32).toString("base64url");

/** Raises: AuthError, where the new password is the old one. */
export async function refuseSamePassword(password, { encrypted_password: stored }) {
  if (stored && (await compare(password, stored))) {
    throw unprocessable("same_password", "New password should be different from the old password.");
  }
}

const bcrypt = /^\$2[aby]\$\d\d\$.{53}$/;

/** Raises: AuthError, for a text that is no bcrypt hash. */
export function checkPasswordHash(text) {
  if (!bcrypt.test(text)) throw new AuthError(500, "unexpected_failure", "Error creating user");
}
