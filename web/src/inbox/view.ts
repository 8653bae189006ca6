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

/** What readers of the inbox see; a new object whenever something in it changed. */
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

/** The lists and counts as the reader should see them: the log, and on top what is pending. */
export function view({ log, windows, pending }: State): Pick<InboxSnapshot, "counts" | "lists"> {
  if (log === null) return { lists: NOTHING.lists, counts: NOTHING.counts };
  const known = [...log.items.values()].sort(byNewest);
  const shown = known.map((item) => pending.reduce(foresee, item));
  const lists = perTab((tab) => list(shown, tab, windows[tab]));
  return { lists, counts: foreseeCounts(log.counts, known, shown, pending) };
}

function list(shown: readonly InboxItem[], tab: Tab, window: Window | undefined): List {
  if (window === undefined) return { items: [], loaded: false, more: false };
  const { floor, next } = window;
  // Below the floor some items may be known and others not: a list must not have holes.
  const items = shown.filter(
    (item) => belongs(item, tab) && (floor === null || byNewest(item, floor) <= 0),
  );
  return { items, loaded: true, more: next !== null };
}
