"use client";

import { X } from "lucide-react";
import Link from "next/link";
import { Toast } from "radix-ui";
import { useEffect, useEffectEvent, useState, type ReactNode } from "react";

import type { InboxItem } from "@/inbox/types";
import { onThisSite } from "@/lib/safe-url";
import { ToastArea } from "@/ui/toast-area";

import { claimToast } from "./claim";
import { useArrivals, useInbox, useInboxActions } from "./inbox-context";
import { Portrait } from "./item-row";
import { useAct } from "./use-act";

const SHOWN_MS = 8_000;
const AT_ONCE = 3;

type News = { key: number; item: InboxItem } | { key: number; count: number };

type ToastsProps = {
  /** Whether the panel is open, where everything comes in anyway: then news are only spoken. */
  panelOpen: boolean;
  onOpenPanel: () => void;
};

/** Shows what comes in, in one tab of however many are open, and tells screen readers. */
export function Toasts({ panelOpen, onOpenPanel }: ToastsProps) {
  const [shown, setShown] = useState<readonly News[]>([]);
  const [spoken, setSpoken] = useState<readonly News[]>([]);
  useNews((news) => {
    const add = panelOpen ? setSpoken : setShown;
    add((all) => [...all.slice(1 - AT_ONCE), news]);
  });
  const dismiss = (key: number) => setShown(without(key));
  return (
    <ToastArea
      label="New notifications"
      duration={SHOWN_MS}
      className="pointer-events-none fixed inset-x-3 top-18 z-50 grid justify-items-center gap-3 sm:inset-x-auto sm:right-(--header-end) sm:justify-items-end"
      spoken={spoken.map((news) => (
        <Spoken key={news.key} news={news} onSaid={() => setSpoken(without(news.key))} />
      ))}
    >
      {shown.map((news) => (
        <NewsToast
          key={news.key}
          id={news.key}
          hidden={panelOpen}
          onDismiss={() => dismiss(news.key)}
        >
          {"item" in news ? (
            <ItemToast item={news.item} onFollow={() => dismiss(news.key)} />
          ) : (
            <button
              type="button"
              onClick={() => {
                dismiss(news.key);
                onOpenPanel();
              }}
              className="flex-1 py-1 text-left font-semibold after:absolute after:inset-0"
            >
              {news.count} new notifications
            </button>
          )}
        </NewsToast>
      ))}
    </ToastArea>
  );
}

const without = (key: number) => (all: readonly News[]) => all.filter((news) => news.key !== key);

type SpokenProps = { news: News; onSaid: () => void };

/** Goes like a toast, lest it be said again with the next. */
function Spoken({ news, onSaid }: SpokenProps) {
  const leave = useEffectEvent(onSaid);

  useEffect(() => {
    const timer = setTimeout(() => leave(), SHOWN_MS);
    return () => clearTimeout(timer);
  }, []);

  return (
    <p className="sr-only">
      {"item" in news ? `${news.item.title} ${news.item.body}` : `${news.count} new notifications`}
    </p>
  );
}

/** Call `show` with what this tab, of however many are open, is to show. */
function useNews(show: (news: News) => void): void {
  async function claim(items: readonly InboxItem[]) {
    const newest = items.at(-1);
    if (newest === undefined || !(await claimToast(newest.id))) return;
    if (items.length > AT_ONCE) show({ key: newest.id, count: items.length });
    else for (const item of items) show({ key: item.id, item });
  }
  useArrivals((items) => void claim(items));
}

type NewsToastProps = { id: number; hidden: boolean; onDismiss: () => void; children: ReactNode };

function NewsToast({ id, hidden, onDismiss, children }: NewsToastProps) {
  // Seen in the panel or elsewhere, or withdrawn: no longer news.
  const unseen = useInbox(({ lists }) =>
    lists.all.items.some((item) => item.id === id && item.seen_at === null),
  );
  return (
    <Toast.Root
      asChild
      open={unseen && !hidden}
      onOpenChange={onDismiss}
      className="pointer-events-auto relative flex w-full max-w-sm animate-rise items-start gap-3 rounded-2xl border-l-4 border-signal bg-surface py-3.5 pr-2 pl-4 shadow-float data-[swipe=cancel]:transition-[translate] data-[swipe=move]:translate-x-(--radix-toast-swipe-move-x) sm:w-96"
    >
      <div>
        {children}
        <Toast.Close
          aria-label="Dismiss"
          className="relative grid size-9 shrink-0 place-items-center rounded-full text-muted hover:bg-sunken hover:text-ink"
        >
          <X aria-hidden="true" className="size-4" />
        </Toast.Close>
      </div>
    </Toast.Root>
  );
}

type ItemToastProps = { item: InboxItem; onFollow: () => void };

function ItemToast({ item, onFollow }: ItemToastProps) {
  const inbox = useInboxActions();
  const act = useAct();
  const href = onThisSite(item.url, "");

  function follow() {
    act(inbox.mark(item.id, "read"));
    onFollow();
  }

  return (
    <>
      <Portrait item={item} />
      <div className="min-w-0 flex-1">
        <p className="text-[0.9375rem] leading-snug font-semibold break-words">
          {href === "" ? (
            item.title
          ) : (
            <Link
              href={href}
              onClick={follow}
              className="after:absolute after:inset-0 after:rounded-2xl"
            >
              {item.title}
            </Link>
          )}
        </p>
        {item.body !== "" && (
          <p className="mt-0.5 line-clamp-2 text-sm break-words text-muted">{item.body}</p>
        )}
      </div>
    </>
  );
}
