"use client";

import { useSyncExternalStore } from "react";

import { ago, exactly } from "@/lib/time";

/** One clock for all times on the page. */
let now = 0;

function subscribe(tick: () => void): () => void {
  const timer = setInterval(() => {
    now = Date.now();
    tick();
  }, 30_000);
  return () => clearInterval(timer);
}

function read(): number {
  return (now ||= Date.now());
}

type TimeAgoProps = { at: string; className?: string };

/** How long ago something happened; it keeps itself right while the page is open. */
export function TimeAgo({ at, className }: TimeAgoProps) {
  const present = useSyncExternalStore(subscribe, read, () => 0);
  const then = Date.parse(at);
  return (
    <time dateTime={at} title={exactly(then)} className={className}>
      {ago(then, Math.max(present, then))}
    </time>
  );
}
