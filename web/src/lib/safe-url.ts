/** The origin that relative addresses are resolved against here; nobody can own it. */
const NOWHERE = "https://nowhere.invalid";

/**
 * An address that came from elsewhere, as a path of this site; otherwise `fallback`.
 *
 * Browsers read `//host`, `/\host` and addresses with tabs in them as other sites' too, so it is
 * the browser's own parser that is asked: about the address, and then about the path it became.
 * That is what will be followed, and `/.//host` becomes `//host`.
 */
export function onThisSite(address: string | null, fallback: string): string {
  if (!address?.startsWith("/")) return fallback;
  try {
    const given = new URL(address, NOWHERE);
    const path = given.pathname + given.search + given.hash;
    const stays = given.origin === NOWHERE && new URL(path, NOWHERE).href === given.href;
    return stays ? path : fallback;
  } catch {
    return fallback;
  }
}
