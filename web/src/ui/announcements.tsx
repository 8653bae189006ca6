"use client";

import { Toast } from "radix-ui";
import { createContext, use, useCallback, useState, type ReactNode } from "react";

import { ToastArea } from "./toast-area";

type Announce = (message: string) => void;

const AnnounceContext = createContext<Announce | null>(null);

const SHOWN_MS = 5_000;
const NO_KEYS: string[] = [];

/** Say something that happened, briefly, at the foot of the page and to screen readers. */
export function useAnnounce(): Announce {
  const announce = use(AnnounceContext);
  if (announce === null) throw new Error("useAnnounce needs an <Announcements> above it");
  return announce;
}

/** Holds the line in which one short message at a time is shown. */
export function Announcements({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState({ times: 0, message: "" });
  const announce = useCallback(
    (message: string) => setSaid(({ times }) => ({ times: times + 1, message })),
    [],
  );
  return (
    <AnnounceContext value={announce}>
      {children}
      <ToastArea
        label="Messages"
        duration={SHOWN_MS}
        hotkey={NO_KEYS}
        className="pointer-events-none fixed inset-x-0 bottom-20 z-50 grid place-items-center px-4 sm:bottom-8"
      >
        {/* A new key for each: the same words said again are news again. */}
        <Toast.Root
          key={said.times}
          asChild
          open={said.message !== ""}
          onOpenChange={() => setSaid(({ times }) => ({ times, message: "" }))}
        >
          <p className="animate-rise rounded-full bg-ink px-5 py-2.5 text-sm font-medium text-paper shadow-float">
            {said.message}
          </p>
        </Toast.Root>
      </ToastArea>
    </AnnounceContext>
  );
}
