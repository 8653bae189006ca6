import { createContext, use, useEffect, useEffectEvent, useSyncExternalStore } from "react";

import type { Inbox } from "@/inbox/inbox";
import type { InboxItem } from "@/inbox/types";
import type { InboxSnapshot } from "@/inbox/view";

export const InboxContext = createContext<Inbox | null>(null);

/** The reader's inbox itself, to act on. */
export function useInboxActions(): Inbox {
  const inbox = use(InboxContext);
  if (inbox === null) throw new Error("useInbox needs an <InboxProvider> above it");
  return inbox;
}

/**
 * What `select` picks of the live inbox; only when that becomes another is anything rendered.
 * It must pick and not build: an object made anew each time would be another each time.
 */
export function useInbox<Part>(select: (snapshot: InboxSnapshot) => Part): Part {
  const inbox = useInboxActions();
  return useSyncExternalStore(
    inbox.subscribe,
    () => select(inbox.snapshot()),
    () => select(inbox.serverSnapshot()),
  );
}

/** Call `greet` with what comes in, oldest first, never twice with the same. */
export function useArrivals(greet: (items: readonly InboxItem[]) => void): void {
  const inbox = useInboxActions();
  const arrived = useEffectEvent(greet);
  useEffect(() => inbox.onArrival((items) => arrived(items)), [inbox]);
}
