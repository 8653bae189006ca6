import { useCallback } from "react";

import { ApiError } from "@/api/errors";
import { useAnnounce } from "@/ui/announcements";

/** Run what the reader asked for; if it fails, it has undone itself, and this says so. */
export function useAct(): (act: Promise<void>) => void {
  const announce = useAnnounce();
  return useCallback(
    (act) => {
      act.catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 401) return; // the page shows it
        announce("That could not be saved. Try again in a moment.");
      });
    },
    [announce],
  );
}
