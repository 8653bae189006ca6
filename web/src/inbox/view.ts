import { belongs, byNewest } from "./order";
import { foresee, foreseeCounts } from "./pending";
import { type State, type Window } from "./state";
import { type Counts, type InboxItem, type Status, type Tab } from "./types";

export type List = {
  items: readonly InboxItem[];
  /** False until the first page of this tab came. */
  loaded: boolean;
  /** Whether there are older items to load. */
  more: boolean;
};

export type Asking = "idle" | "loading" | "failed";

/**
 * What readers of the inbox see; a new object whenever something in it changed. So is each part of
 * it: what did not change stays the same object.
 */
export type InboxSnapshot = {
  status: Status;
  counts: Counts;
  lists: Readonly<Record<Tab, List>>;
  /** Whether each tab is being paged just now, or could not be. */
  asking: Readonly<Record<Tab, Asking>>;
};

export const NOTHING: InboxSnapshot = {
  status: "connecting",
  counts: { unread: 0, unseen: 0 },
  lists: perTab(() => ({ items: [], loaded: false, more: false })),
  asking: perTab(() => "idle"),
};

export function perTab<T>(make: (tab: Tab) => T): Record<Tab, T> {
  return { all: make("all"), unread: make("unread"), archived: make("archived") };
}

/**
 * The lists and counts as the reader should see them: the log, and on top what is pending. What is
 * as in `before` is the same object.
 */
export function view({ log, windows, pending }: State, before: InboxSnapshot): InboxSnapshot {
  if (log === null) return before;
  const known = [...log.items.values()].sort(byNewest);
  const shown = known.map((item) => pending.reduce(foresee, item));
  const lists = perTab((tab) => list(shown, tab, windows[tab], before.lists[tab]));
  const counts = foreseeCounts(log.counts, known, shown, pending);
  return keep(before, {
    ...before,
    lists: keep(before.lists, lists),
    counts: keep(before.counts, counts),
  });
}

function list(
  shown: readonly InboxItem[],
  tab: Tab,
  window: Window | undefined,
  before: List,
): List {
  if (window === undefined) return NOTHING.lists[tab];
  const { floor, next } = window;
  // Below the floor some items may be known and others not: a list must not have holes.
  const items = shown.filter(
    (item) => belongs(item, tab) && (floor === null || byNewest(item, floor) <= 0),
  );
  return keep(before, { items: keep(before.items, items), loaded: true, more: next !== null });
}

/** `before`, if it consists of the same parts as `after`; else `after`. */
export function keep<T extends object>(before: T, after: T): T {
  const parts = Object.entries(after);
  const same = (name: string, part: unknown) => Object.is(before[name as keyof T], part);
  const kept =
    Object.keys(before).length === parts.length && parts.every(([name, part]) => same(name, part));
  return kept ? before : after;
}
