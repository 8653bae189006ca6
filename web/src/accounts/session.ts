import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import { answer, api, type Me } from "@/api/client";
import { ApiError } from "@/api/errors";
import { belongTo, readerOfPage } from "@/api/reader";
import { useHydrated } from "@/lib/use-hydrated";

import { isSignedIn } from "./headless";

export const SESSION = ["session"] as const;

async function whoAmI(): Promise<Me | null> {
  if (!(await isSignedIn())) return null;
  try {
    return await answer(api.GET("/api/me/"));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null; // it ended in between
    throw error;
  }
}

/** Who is signed in: null for nobody, undefined while that is not known yet. */
export function useSession() {
  const hydrated = useHydrated();
  const { data, error, refetch } = useQuery({
    queryKey: SESSION,
    queryFn: whoAmI,
    staleTime: 60_000,
    // Somebody may have signed in in another tab, and nothing tells a page that is nobody's.
    refetchOnWindowFocus: ({ state }) => (state.data === null ? "always" : true),
  });
  return { data: hydrated ? data : undefined, error: hydrated ? error : null, refetch };
}

/** Make the page whoever's is signed in, and forget all that was loaded for anybody before. */
export function adoptReader(client: QueryClient): void {
  const me = client.getQueryData<Me | null>(SESSION);
  if (me === undefined || (me?.id ?? null) === readerOfPage()) return;
  belongTo(me?.id ?? null);
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION[0] });
}

/** Look who is signed in now. */
export function useRenewSession(): () => Promise<void> {
  const client = useQueryClient();
  return useCallback(async () => {
    await client.query({ queryKey: SESSION, queryFn: whoAmI, staleTime: 0 });
  }, [client]);
}
