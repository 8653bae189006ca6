"use client";

import { CheckCheck, X } from "lucide-react";
import { Dialog, Tabs } from "radix-ui";
import { useCallback, useEffect, useState, type ReactNode } from "react";

import { TABS, type Tab } from "@/inbox/types";
import { LoadMore } from "@/ui/load-more";
import { Empty, Loading } from "@/ui/states";

import { badge } from "./badge";
import { useInbox, useInboxActions } from "./inbox-context";
import { ItemRow } from "./item-row";
import { useAct } from "./use-act";

const NAMES: Record<Tab, string> = { all: "All", unread: "Unread", archived: "Archived" };

const EMPTY: Record<Tab, ReactNode> = {
  all: <Empty title="All quiet">When someone answers you, it will be here at once.</Empty>,
  unread: <Empty title="Nothing unread">You have heard everything there was to hear.</Empty>,
  archived: <Empty title="Nothing put away">What you archive stays here, out of the way.</Empty>,
};

type PanelProps = { onClose: () => void };

/** The inbox, in three lists. Being open means being seen. */
export function Panel({ onClose }: PanelProps) {
  const [tab, setTab] = useState<Tab>("all");
  const unread = useInbox(({ counts }) => counts.unread);
  useSeen();
  return (
    <Tabs.Root
      value={tab}
      onValueChange={(value) => setTab(value as Tab)}
      className="flex min-h-0 flex-1 flex-col"
    >
      <div className="flex items-center gap-1 pt-4 pr-3 pl-5">
        <Dialog.Title className="flex-1 text-xl">Notifications</Dialog.Title>
        <MarkAllRead unread={unread} />
        <Dialog.Close
          aria-label="Close"
          className="grid size-10 place-items-center rounded-full text-muted hover:bg-sunken hover:text-ink"
        >
          <X aria-hidden="true" className="size-5" />
        </Dialog.Close>
      </div>
      <Tabs.List aria-label="Which notifications" className="flex gap-5 border-b border-line px-5">
        {TABS.map((name) => (
          <Tabs.Trigger
            key={name}
            value={name}
            className="-mb-px min-h-11 border-b-2 border-transparent text-sm font-semibold text-muted transition-colors hover:text-ink data-[state=active]:border-brand data-[state=active]:text-ink"
          >
            {NAMES[name]}
            {name === "unread" && unread > 0 && (
              <span className="ml-1.5 rounded-full bg-sunken px-2 py-0.5 text-xs tabular-nums">
                {badge(unread)}
              </span>
            )}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {TABS.map((name) => (
        <Tabs.Content
          key={name}
          value={name}
          tabIndex={-1}
          className="min-h-0 flex-1 overflow-y-auto overscroll-contain pb-[env(safe-area-inset-bottom)]"
        >
          <List tab={name} onFollow={onClose} />
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}

/** What is shown, and what comes in while it is, counts as seen. */
function useSeen(): void {
  const inbox = useInboxActions();
  const unseen = useInbox(({ counts }) => counts.unseen);
  useEffect(() => {
    if (unseen > 0) inbox.seen().catch(() => undefined); // the badge still shows it: nothing lost
  }, [inbox, unseen]);
}

function MarkAllRead({ unread }: { unread: number }) {
  const inbox = useInboxActions();
  const act = useAct();
  return (
    <button
      type="button"
      disabled={unread === 0}
      onClick={() => act(inbox.readAll())}
      className="inline-flex min-h-10 items-center gap-1.5 rounded-full px-3 text-sm font-semibold text-brand hover:bg-sunken disabled:text-muted disabled:opacity-60 disabled:hover:bg-transparent"
    >
      <CheckCheck aria-hidden="true" className="size-4" />
      Mark all read
    </button>
  );
}

type ListProps = { tab: Tab; onFollow: () => void };

function List({ tab, onFollow }: ListProps) {
  const inbox = useInboxActions();
  const { items, loaded, more } = useInbox(({ lists }) => lists[tab]);
  const state = useInbox(({ asking }) => asking[tab]);
  const onMore = useCallback(() => void inbox.more(tab), [inbox, tab]);

  useEffect(() => {
    if (!loaded && state === "idle") onMore();
  }, [loaded, state, onMore]);

  if (!loaded && state !== "failed") {
    return (
      <div className="px-5">
        <Loading label="Loading notifications" />
      </div>
    );
  }
  const moreToCome = more || !loaded;
  return (
    <>
      {items.length === 0 && !moreToCome && EMPTY[tab]}
      <ul className="divide-y divide-line">
        {items.map((item) => (
          <ItemRow key={item.id} item={item} onFollow={onFollow} />
        ))}
      </ul>
      {moreToCome && (
        <LoadMore busy={state === "loading"} failed={state === "failed"} onMore={onMore} />
      )}
    </>
  );
}
