import { useSyncExternalStore } from "react";

const never = () => () => undefined;

/**
 * Whether this part of the page runs in the browser by now. React takes over a page part by part,
 * and each must first render what the exported file says, whatever has been loaded meanwhile.
 */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}
