"use client";

import { BellOff, Bell as BellIcon } from "lucide-react";
import { Dialog } from "radix-ui";
import { useState } from "react";

import { useMedia } from "@/lib/use-media";
import { useEscape } from "@/ui/use-escape";

import { badge } from "./badge";
import { useInbox } from "./inbox-context";
import { Panel } from "./panel";
import { Toasts } from "./toasts";

/** The bell: how much is unread, the inbox behind it, and a word when something comes in. */
export function Bell() {
  const [open, setOpen] = useState(false);
  const unread = useInbox(({ counts }) => counts.unread);
  const unseen = useInbox(({ counts }) => counts.unseen);
  const deaf = useInbox(({ status }) => status === "offline" || status === "reconnecting");
  const phone = useMedia("(max-width: 40rem)");
  const close = () => setOpen(false);
  useEscape(open, close);
  return (
    <>
      {/* Beside a panel one may go on reading; a sheet covers the page. */}
      <Dialog.Root open={open} onOpenChange={setOpen} modal={phone}>
        <Dialog.Trigger
          aria-label={unread === 0 ? "Notifications" : `Notifications, ${badge(unread)} unread`}
          className="relative grid size-11 place-items-center rounded-full transition-colors hover:bg-sunken aria-expanded:bg-sunken"
        >
          {deaf ? (
            <BellOff aria-hidden="true" className="size-[1.35rem] text-muted" />
          ) : (
            // A new key begins the animation anew.
            <BellIcon
              key={unseen}
              aria-hidden="true"
              className={unseen > 0 ? "size-[1.35rem] origin-top animate-ring" : "size-[1.35rem]"}
            />
          )}
          {unread > 0 && (
            <span
              aria-hidden="true"
              className="absolute top-0.5 right-0 min-w-5 rounded-full bg-signal px-1.5 text-center text-xs leading-5 font-bold text-on-signal tabular-nums ring-2 ring-paper"
            >
              {badge(unread)}
            </span>
          )}
        </Dialog.Trigger>
        <Dialog.Portal>
          {phone && (
            <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-[oklch(0.15_0.03_235/0.5)]" />
          )}
          <Dialog.Content
            aria-describedby={undefined}
            className="fixed inset-x-0 bottom-0 z-40 flex h-[85dvh] animate-sheet flex-col overflow-hidden rounded-t-3xl bg-surface shadow-float outline-none sm:inset-x-auto sm:top-16 sm:right-(--header-end) sm:bottom-auto sm:h-[min(40rem,calc(100dvh-6rem))] sm:w-[26rem] sm:animate-rise sm:rounded-3xl sm:ring-1 sm:ring-line"
          >
            <Panel onClose={close} />
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
      <Toasts panelOpen={open} onOpenPanel={() => setOpen(true)} />
    </>
  );
}
