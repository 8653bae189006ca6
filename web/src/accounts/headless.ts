import { ApiError } from "@/api/errors";
import { request } from "@/api/request";

/** django-allauth's headless API for browsers: who is signed in, and how that changes. */

const BASE = "/_allauth/browser/v1";

type Method = "GET" | "POST" | "DELETE";

async function call(method: Method, path: string, body?: unknown): Promise<void> {
  const json = { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const options = { method, ...(body === undefined ? {} : json) };
  const response = await request(new Request(`${BASE}${path}`, options));
  await response.text(); // its status said all; unread, it would keep the connection busy
}

/** What came of an attempt to sign in or up. */
export type Outcome = "signed-in" | "verify-email";

/**
 * 401 is how allauth says "not signed in yet"; without complaints it is no failure but a step
 * that is still to be taken.
 */
async function attempt(path: string, body: unknown): Promise<Outcome> {
  try {
    await call("POST", path, body);
    return "signed-in";
  } catch (error) {
    if (error instanceof ApiError && error.status === 409) return "signed-in"; // in another tab
    if (isStep(error)) return "verify-email";
    throw error;
  }
}

function isStep(error: unknown): boolean {
  return (
    error instanceof ApiError && error.status === 401 && Object.keys(error.fields).length === 0
  );
}

/** Whether somebody is signed in. */
export async function isSignedIn(): Promise<boolean> {
  try {
    await call("GET", "/auth/session");
    return true;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 410)) return false;
    throw error;
  }
}

export function signIn(given: { email: string; password: string }): Promise<Outcome> {
  return attempt("/auth/login", given);
}

export function signUp(given: {
  username: string;
  email: string;
  password: string;
}): Promise<Outcome> {
  return attempt("/auth/signup", given);
}

export async function signOut(): Promise<void> {
  try {
    await call("DELETE", "/auth/session");
  } catch (error) {
    if (!isStep(error)) throw error; // signed out is answered by 401
  }
}

/** Have a link to choose a new password mailed. */
export async function requestReset(email: string): Promise<void> {
  await call("POST", "/auth/password/request", { email });
}

/** Choose a new password by the key of a mailed link. */
export async function resetPassword(given: { key: string; password: string }): Promise<void> {
  await attempt("/auth/password/reset", given);
}

export async function changePassword(given: {
  current_password: string;
  new_password: string;
}): Promise<void> {
  await call("POST", "/account/password/change", given);
}

/** Confirm an e-mail address by the key of a mailed link. Says whether somebody is signed in then. */
export async function verifyEmail(key: string): Promise<boolean> {
  return (await attempt("/auth/email/verify", { key })) === "signed-in";
}
