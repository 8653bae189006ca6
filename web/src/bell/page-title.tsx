"use client";

import { badge } from "./badge";
import { useInbox } from "./inbox-context";

/** The page's title, with the number of unread notifications before it. */
export function PageTitle({ children }: { children: string }) {
  const unread = useInbox(({ counts }) => counts.unread);
  const count = unread === 0 ? "" : `(${badge(unread)}) `;
  return <title>{`${count}${children} · Hark`}</title>;
}
