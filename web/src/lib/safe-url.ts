/** The origin that relative addresses are resolved against here; nobody can own it. */
const NOWHERE = "https://nowhere.invalid";

/**
 * An address that came from elsewhere, if it stays on this site; otherwise `fallback`.
 *
 * Browsers read `//host`, `/\host` and addresses with tabs in them as other sites' too, so it is
 * the browser's own parser that is asked.
 */
export function onThisSite(address: string | null, fallback: string): string {
  if (!address?.startsWith("/")) return fallback;
  try {
    const url = new URL(address, NOWHERE);
    return url.origin === NOWHERE ? url.pathname + url.search + url.hash : fallback;
  } catch {
    return fallback;
  }
}
