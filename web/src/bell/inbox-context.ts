import { createContext, use, useSyncExternalStore } from "react";

import type { Inbox } from "@/inbox/inbox";
import type { InboxSnapshot } from "@/inbox/view";

export const InboxContext = createContext<Inbox | null>(null);

/** The reader's inbox itself, to act on. */
export function useInboxActions(): Inbox {
  const inbox = use(InboxContext);
  if (inbox === null) throw new Error("useInbox needs an <InboxProvider> above it");
  return inbox;
}

/** The live inbox. All readers of it share one connection. */
export function useInbox(): InboxSnapshot {
  const inbox = useInboxActions();
  return useSyncExternalStore(inbox.subscribe, inbox.snapshot, inbox.serverSnapshot);
}
