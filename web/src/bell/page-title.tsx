"use client";

import { badge } from "./badge";
import { useInbox } from "./inbox-context";

/** The page's title, with the number of unread notifications before it. */
export function PageTitle({ children }: { children: string }) {
  const { counts } = useInbox();
  const count = counts.unread === 0 ? "" : `(${badge(counts.unread)}) `;
  return <title>{`${count}${children} · Hark`}</title>;
}
