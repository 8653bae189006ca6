"use client";

import { useEffect, useState } from "react";

import type { Status } from "@/inbox/types";

import { useInbox } from "./inbox-context";

/** A connection that is back before this was never worth a word. */
const PATIENCE_MS = 2_000;

const WORDS: Record<Exclude<Status, "live">, string> = {
  connecting: "Connecting… New notifications may come late.",
  reconnecting: "Reconnecting… Nothing is lost: what you miss now comes then.",
  offline: "You are offline. What you miss now comes when you are back.",
};

/** Says when nothing can be heard. */
export function ConnectionBar() {
  const status = useInbox((inbox) => inbox.status);
  return (
    <div role="status" aria-label="Connection">
      {status !== "live" && <Notice key={String(status === "offline")} words={WORDS[status]} />}
    </div>
  );
}

function Notice({ words }: { words: string }) {
  const [due, setDue] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!due) return null;
  return (
    <p className="animate-fade bg-signal-soft px-4 py-1.5 text-center text-sm text-pretty">
      {words}
    </p>
  );
}
