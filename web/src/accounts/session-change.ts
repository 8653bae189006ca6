import { csrfCookie } from "@/api/request";

/**
 * Have `changed` called when somebody signs in, in whichever tab: Django gives out a new CSRF token
 * then. Returns what ends that.
 *
 * Browsers that do not tell of cookies leave it to the next question that a page asks.
 */
export function onSessionChange(changed: () => void): () => void {
  if (!("cookieStore" in globalThis)) return () => undefined;
  let token = csrfCookie();

  function look(): void {
    const next = csrfCookie();
    const other = token !== "" && next !== token; // the same one comes again with each answer
    token = next;
    if (other) changed();
  }

  cookieStore.addEventListener("change", look);
  return () => cookieStore.removeEventListener("change", look);
}
