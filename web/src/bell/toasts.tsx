"use client";

import { X } from "lucide-react";
import Link from "next/link";
import { useEffect, useEffectEvent, useState } from "react";

import type { InboxItem } from "@/inbox/types";
import { onThisSite } from "@/lib/safe-url";

import { claimToast } from "./claim";
import { useArrivals, useInbox, useInboxActions } from "./inbox-context";
import { Portrait } from "./item-row";
import { useAct } from "./use-act";

const SHOWN_MS = 8_000;
const AT_ONCE = 3;

type Toast = { key: number; item: InboxItem } | { key: number; count: number };

type ToastsProps = {
  /** Whether the panel is open, where everything comes in anyway: then toasts are only spoken. */
  panelOpen: boolean;
  onOpenPanel: () => void;
};

/** Shows what comes in, in one tab of however many are open, and tells screen readers. */
export function Toasts({ panelOpen, onOpenPanel }: ToastsProps) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const dismiss = (key: number) => setToasts((all) => all.filter((toast) => toast.key !== key));
  useNews((toast) => setToasts((all) => [...all.slice(1 - AT_ONCE), toast]));
  return (
    <div
      role="status"
      aria-live="polite"
      aria-label="New notifications"
      className={
        panelOpen
          ? "sr-only"
          : "pointer-events-none fixed inset-x-3 top-18 z-50 grid justify-items-center gap-3 sm:inset-x-auto sm:right-(--header-end) sm:justify-items-end"
      }
    >
      {toasts.map((toast) => (
        <ToastCard
          key={toast.key}
          id={toast.key}
          panelOpen={panelOpen}
          onDismiss={() => dismiss(toast.key)}
        >
          {"item" in toast ? (
            <ItemToast item={toast.item} onFollow={() => dismiss(toast.key)} />
          ) : (
            <button
              type="button"
              onClick={() => {
                dismiss(toast.key);
                onOpenPanel();
              }}
              className="flex-1 py-1 text-left font-semibold after:absolute after:inset-0"
            >
              {toast.count} new notifications
            </button>
          )}
        </ToastCard>
      ))}
    </div>
  );
}

/** Call `show` with what this tab, of however many are open, is to show. */
function useNews(show: (toast: Toast) => void): void {
  async function claim(items: readonly InboxItem[]) {
    const newest = items.at(-1);
    if (newest === undefined || !(await claimToast(newest.id))) return;
    if (items.length > AT_ONCE) show({ key: newest.id, count: items.length });
    else for (const item of items) show({ key: item.id, item });
  }
  useArrivals((items) => void claim(items));
}

type ToastCardProps = {
  id: number;
  panelOpen: boolean;
  onDismiss: () => void;
  children: React.ReactNode;
};

/** Goes away by itself, but not from under a pointer or the focus. */
function ToastCard({ id, panelOpen, onDismiss, children }: ToastCardProps) {
  // Seen in the panel or elsewhere, or withdrawn: no longer news.
  const news = useInbox(({ lists }) =>
    lists.all.items.some((item) => item.id === id && item.seen_at === null),
  );
  const [held, setHeld] = useState(false);
  const leave = useEffectEvent(onDismiss);

  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => leave(), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [held]);

  if (!news && !panelOpen) return null;
  return (
    <div
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="pointer-events-auto relative flex w-full max-w-sm animate-rise items-start gap-3 rounded-2xl border-l-4 border-signal bg-surface py-3.5 pr-2 pl-4 shadow-float sm:w-96"
    >
      {children}
      <button
        type="button"
        aria-label="Dismiss"
        onClick={onDismiss}
        className="relative grid size-9 shrink-0 place-items-center rounded-full text-muted hover:bg-sunken hover:text-ink"
      >
        <X aria-hidden="true" className="size-4" />
      </button>
    </div>
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
