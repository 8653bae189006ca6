import { begin, catchUp, hear, learn, type Log } from "./log";
import { belongs, byNewest } from "./order";
import type { Action, Pending } from "./pending";
import type { Changes, InboxItem, Page, Push, Tab } from "./types";

/** How far down a tab is loaded. */
export type Window = {
  /** The oldest item paged in; null when nothing older is left. */
  floor: InboxItem | null;
  /** Where the next page begins; null when there is none. */
  next: string | null;
};

export type State = {
  /** Null until the first page came. */
  log: Log | null;
  /** A tab that was never opened has none. */
  windows: Partial<Record<Tab, Window>>;
  pending: readonly Pending[];
  /** How often something may have been missed, and the latest of those times answered for. */
  doubts: number;
  answered: number;
  /** The newest item of the first page ever: what stands above it came while we listened. */
  start: Pick<InboxItem, "id"> | null;
};

export type Event =
  | { type: "paged"; tab: Tab; page: Page }
  | { type: "pushed"; push: Push }
  /** `asked`: the doubts there were when the question was put. */
  | { type: "caught-up"; changes: Changes; asked: number }
  /** Pushes may have been missed. */
  | { type: "doubted" }
  /** The first page, for the first time or because what is held can no longer be followed up. */
  | { type: "restarted"; page: Page; asked: number }
  | { type: "acted"; key: number; action: Action; at: string }
  /** The server did it, as change number `modseq`, or it did not say which. */
  | { type: "accepted"; key: number; modseq: number | null }
  | { type: "refused"; key: number };

export const EMPTY: State = {
  log: null,
  windows: {},
  pending: [],
  doubts: 0,
  answered: 0,
  start: null,
};

/** Return what is known after `event`. Order, repetition and loss of pushes do not matter. */
export function reduce(state: State, event: Event): State {
  return settle(apply(state, event));
}

function apply(state: State, event: Event): State {
  switch (event.type) {
    case "paged":
      return paged(state, event.tab, event.page);
    case "pushed":
      // Before the first page a push has nothing to stand on; the page may be older than it.
      return state.log === null
        ? { ...state, doubts: state.doubts + 1 }
        : { ...state, log: hear(state.log, event.push) };
    case "caught-up":
      return caughtUp(state, event.changes, event.asked);
    case "doubted":
      return { ...state, doubts: state.doubts + 1 };
    case "restarted":
      return restarted(state, event.page, event.asked);
    case "acted": {
      const { key, action, at } = event;
      return { ...state, pending: [...state.pending, { key, action, at, until: null }] };
    }
    case "accepted":
      return accepted(state, event.key, event.modseq);
    case "refused":
      return { ...state, pending: state.pending.filter(({ key }) => key !== event.key) };
  }
}

function caughtUp(state: State, changes: Changes, asked: number): State {
  if (state.log === null) return state;
  const answered = changes.more ? state.answered : asked;
  return { ...state, log: catchUp(state.log, changes), answered };
}

function paged(state: State, tab: Tab, page: Page): State {
  // A page from before a restart lacks what changed until then, and nobody will tell.
  if (state.log === null || page.modseq < state.log.begun) return state;
  const log = learn(state.log, { ...page, items: page.results });
  return { ...state, log, windows: { ...state.windows, [tab]: window(page) } };
}

function opened(state: State, page: Page): State {
  const start = state.start ?? page.results[0] ?? { id: 0 };
  return { ...state, log: begin(page), windows: { all: window(page) }, start };
}

function restarted(state: State, page: Page, asked: number): State {
  // What was pushed while the page was on its way went down with the old log.
  const doubts = state.log === null ? state.doubts : state.doubts + 1;
  return { ...opened(state, page), doubts, answered: asked };
}

function window(page: Page): Window {
  return { floor: page.next === null ? null : (page.results.at(-1) ?? null), next: page.next };
}

function accepted(state: State, key: number, modseq: number | null): State {
  const doubts = modseq === null ? state.doubts + 1 : state.doubts;
  const until = modseq === null ? { asked: doubts } : { held: modseq };
  const pending = state.pending.map((act) => (act.key === key ? { ...act, until } : act));
  return { ...state, doubts, pending, log: state.log && heardOf(state.log, modseq ?? 0) };
}

function heardOf(log: Log, modseq: number): Log {
  return { ...log, heard: Math.max(log.heard, modseq) };
}

/** Let go of actions which the log holds by now. */
function settle(state: State): State {
  const held = state.log?.held ?? 0;
  const waiting = state.pending.filter(({ until }) => {
    if (until === null) return true;
    return "held" in until ? until.held > held : until.asked > state.answered;
  });
  return waiting.length === state.pending.length ? state : { ...state, pending: waiting };
}

/** What must be asked of the server for `state` to become the truth; null when it is. */
export function need({ log, doubts, answered }: State): "start" | "changes" | null {
  if (log === null) return "start";
  return log.heard > log.held || doubts > answered ? "changes" : null;
}

/** The items that came in between two states, oldest first; not those that were merely loaded. */
export function arrivals(before: State, after: State): InboxItem[] {
  const known = before.log?.items;
  const { start } = after;
  if (known === undefined || start === null) return [];
  return [...(after.log?.items.values() ?? [])]
    .filter((item) => !known.has(item.id) && isNews(item) && byNewest(item, start) < 0)
    .sort((a, b) => byNewest(b, a));
}

function isNews(item: InboxItem): boolean {
  return item.seen_at === null && item.read_at === null && belongs(item, "all");
}
