"use client";

import { useEffect, useRef } from "react";

import { Button } from "./button";

type LoadMoreProps = { busy: boolean; failed?: boolean; onMore: () => void };

/** Asks for more as it comes into view, and is a button for those who do not scroll. */
export function LoadMore({ busy, failed = false, onMore }: LoadMoreProps) {
  const foot = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (busy || failed || foot.current === null) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) onMore();
      },
      { rootMargin: "400px" },
    );
    observer.observe(foot.current);
    return () => observer.disconnect();
  }, [busy, failed, onMore]);

  return (
    <div ref={foot} className="grid place-items-center gap-2 py-6">
      {failed && <p className="text-sm text-muted">More could not be loaded.</p>}
      <Button look="plain" busy={busy} onClick={onMore}>
        {busy ? "Loading…" : failed ? "Try again" : "Load more"}
      </Button>
    </div>
  );
}
