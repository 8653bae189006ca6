import { useSearchParams } from "next/navigation";
import { useSyncExternalStore } from "react";

function subscribe(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
}

/** What stands behind the # in the address, without it. */
export function useHash(): string {
  // The router changes the address without a hashchange; its parameters make us look again.
  useSearchParams();
  return useSyncExternalStore(
    subscribe,
    () => decoded(location.hash.slice(1)),
    () => "",
  );
}

/** Percent signs may stand for themselves: an address can be typed. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
