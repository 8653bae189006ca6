/**
 * Whom this page belongs to. All tabs of a browser share one session, and it can change hands while
 * a page is open; each answer of the server says whose it is, and each request whom it is for.
 */

import { forgetDrafts } from "@/lib/use-draft";

const HEADER = "Hark-User";

let reader: string | null = null;

/** Whom the page was loaded for; null while that is nobody, or not known. */
export function readerOfPage(): string | null {
  return reader;
}

/** From now on the page is `id`'s. */
export function belongTo(id: string | null): void {
  reader = id;
}

/** Have a request refused in the session of anybody else. */
export function sayForWhom(request: Request): void {
  if (reader !== null) request.headers.set(HEADER, encodeURIComponent(reader));
}

/** Whether an answer is for somebody else than the page. */
export function isForAnother(response: Response): boolean {
  const named = response.headers.get(HEADER);
  return reader !== null && named !== null && decodeURIComponent(named) !== reader;
}

/** Forget everything of whom the page belonged to, and begin again as whoever is signed in now. */
export function beginAgain(): void {
  if (reader !== null) forgetDrafts(reader);
  location.reload();
}
