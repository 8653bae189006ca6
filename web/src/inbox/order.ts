import type { InboxItem, Tab } from "./types";

/** Negative when `a` stands above `b` in every list: newest first, as the API pages them. */
export function byNewest(a: Pick<InboxItem, "id">, b: Pick<InboxItem, "id">): number {
  return b.id - a.id;
}

export function belongs(item: InboxItem, tab: Tab): boolean {
  if (item.deleted_at !== null) return false;
  if (tab === "archived") return item.archived_at !== null;
  return item.archived_at === null && (tab === "all" || item.read_at === null);
}
