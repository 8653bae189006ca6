"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, type ReactNode } from "react";

import { SESSION, useSession } from "@/accounts/session";
import { onSessionChange } from "@/accounts/session-change";
import { inboxApi } from "@/inbox/api";
import { Inbox } from "@/inbox/inbox";
import { openRealtime } from "@/inbox/realtime";
import { sharedRealtime } from "@/inbox/tabs";
import type { Realtime } from "@/inbox/types";
import { onWake } from "@/lib/wake";

import { InboxContext } from "./inbox-context";

const SILENCE: Realtime = () => ({ close: () => undefined, probe: () => undefined });

/** Holds the inbox of whoever is signed in, and keeps it current for as long as they are. */
export function InboxProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const reader = useSession().data?.id ?? null;

  const inbox = useMemo(() => {
    const onSignedOut = () => void client.invalidateQueries({ queryKey: SESSION });
    const realtime =
      reader === null ? SILENCE : sharedRealtime(`hark:inbox:${reader}`, openRealtime(onSignedOut));
    return new Inbox({ api: inboxApi, realtime, onSignedOut });
  }, [client, reader]);

  useEffect(
    () => onSessionChange(() => void client.invalidateQueries({ queryKey: SESSION })),
    [client],
  );
  useEffect(() => (reader === null ? undefined : keepCurrent(inbox)), [inbox, reader]);

  return <InboxContext value={inbox}>{children}</InboxContext>;
}

function keepCurrent(inbox: Inbox): () => void {
  const stop = () => inbox.stop();
  inbox.start();
  // A page kept for the back button must not hold a connection, nor the lead among tabs.
  window.addEventListener("pagehide", stop);
  const sleep = onWake(() => {
    inbox.start();
    inbox.wake();
  });
  return () => {
    window.removeEventListener("pagehide", stop);
    sleep();
    stop();
  };
}
