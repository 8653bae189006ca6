import { ApiError, type FieldErrors } from "./errors";
import { beginAgain, isForAnother, sayForWhom } from "./reader";

const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whoever asks, and whatever it answers: this one sets the CSRF cookie. */
const BRINGS_COOKIE = "/_allauth/browser/v1/auth/session";

/**
 * Fetch from our own server: with Django's CSRF token where it wants one.
 *
 * Throws an `ApiError` unless the answer is a success, and is for whom this page belongs to.
 */
export async function request(input: Request): Promise<Response> {
  const response = await send(input);
  if (isForAnother(response)) {
    beginAgain();
    throw new ApiError(412);
  }
  if (response.ok) return response;
  throw new ApiError(response.status, fieldErrors(await json(response)));
}

async function send(input: Request): Promise<Response> {
  try {
    sayForWhom(input);
    if (!SAFE.has(input.method)) input.headers.set("X-CSRFToken", await csrfToken(input.signal));
    return await fetch(input);
  } catch (error) {
    if (input.signal.aborted) throw error;
    throw new ApiError(0);
  }
}

/** A click may come before the page's first answer has brought the cookie: then ask for it. */
async function csrfToken(signal: AbortSignal): Promise<string> {
  if (csrfCookie() === "") await fetch(BRINGS_COOKIE, { signal });
  return csrfCookie();
}

async function json(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null; // a proxy's page, say: the status has to do
  }
}

/** Django's CSRF token; empty before it has given one. */
export function csrfCookie(): string {
  const name = "csrftoken=";
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(name));
  return found?.slice(name.length) ?? "";
}

/** Read what a server said no to, in the form of DRF or of allauth's headless API. */
export function fieldErrors(body: unknown): FieldErrors {
  if (typeof body !== "object" || body === null) return {};
  if ("errors" in body && Array.isArray(body.errors)) return headlessErrors(body.errors);
  const fields: Record<string, string[]> = {};
  for (const [name, said] of Object.entries(body)) {
    const messages = [said].flat().filter((message) => typeof message === "string");
    if (messages.length > 0) fields[WHOLE.has(name) ? "" : name] = messages;
  }
  return fields;
}

/** The names under which DRF says what concerns no single field. */
const WHOLE: ReadonlySet<string> = new Set(["detail", "non_field_errors"]);

function headlessErrors(errors: readonly unknown[]): FieldErrors {
  const fields: Record<string, string[]> = {};
  for (const error of errors) {
    if (typeof error !== "object" || error === null) continue;
    if (!("message" in error) || typeof error.message !== "string") continue;
    const param = "param" in error && typeof error.param === "string" ? error.param : "";
    (fields[param] ??= []).push(error.message);
  }
  return fields;
}
