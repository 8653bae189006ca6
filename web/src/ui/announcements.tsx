"use client";

import { createContext, use, useCallback, useRef, useState, type ReactNode } from "react";

type Announce = (message: string) => void;

const AnnounceContext = createContext<Announce | null>(null);

const SHOWN_MS = 5_000;

/** Say something that happened, briefly, at the foot of the page and to screen readers. */
export function useAnnounce(): Announce {
  const announce = use(AnnounceContext);
  if (announce === null) throw new Error("useAnnounce needs an <Announcements> above it");
  return announce;
}

/** Holds the line in which one short message at a time is shown. */
export function Announcements({ children }: { children: ReactNode }) {
  const [message, setMessage] = useState("");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const announce = useCallback((said: string) => {
    clearTimeout(timer.current);
    setMessage(said);
    timer.current = setTimeout(() => setMessage(""), SHOWN_MS);
  }, []);
  return (
    <AnnounceContext value={announce}>
      {children}
      <div
        aria-live="polite"
        className="pointer-events-none fixed inset-x-0 bottom-20 z-50 grid place-items-center px-4 sm:bottom-8"
      >
        {message !== "" && (
          <p className="animate-rise rounded-full bg-ink px-5 py-2.5 text-sm font-medium text-paper shadow-float">
            {message}
          </p>
        )}
      </div>
    </AnnounceContext>
  );
}
