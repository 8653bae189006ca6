import type { Changes, Counts, InboxItem, Page, Push } from "./types";

type Stretch = Pick<Push, "since" | "modseq">;

/**
 * What this client knows of the reader's log. Every part only ever moves forward, so that what
 * arrives may arrive late, twice, or in any order, and the result is the same.
 */
export type Log = {
  items: ReadonlyMap<number, InboxItem>;
  /** The number it was begun at: what happened before was never told. */
  begun: number;
  /** Each change up to this number is in `items`. */
  held: number;
  /** Stretches of the log beyond `held` that came before their turn. */
  ahead: readonly Stretch[];
  /** The newest change known to exist; more than `held` means a gap. */
  heard: number;
  counts: Counts;
  /** The number of the change that `counts` follow. */
  countedAt: number;
};

/** Begin from a first page: what is older than the page is not known, and not missed either. */
export function begin(page: Page): Log {
  return {
    items: new Map(page.results.map((item) => [item.id, item])),
    begun: page.modseq,
    held: page.modseq,
    ahead: [],
    heard: page.modseq,
    counts: page.counts,
    countedAt: page.modseq,
  };
}

/** Take in items and counts as of `modseq`, without claiming that nothing lies between. */
export function learn(log: Log, news: Omit<Push, "since">): Log {
  const items = new Map(log.items);
  for (const item of news.items) {
    const known = items.get(item.id);
    if (known === undefined || known.modseq < item.modseq) items.set(item.id, item);
  }
  const counted = news.modseq > log.countedAt;
  return {
    ...log,
    items,
    heard: Math.max(log.heard, news.modseq),
    counts: counted ? news.counts : log.counts,
    countedAt: counted ? news.modseq : log.countedAt,
  };
}

/** Take in a push: the stretch of the log that it tells. */
export function hear(log: Log, push: Push): Log {
  // What is held already has moved on since: an item we do not list may be archived by now.
  const items = push.items.filter((item) => item.modseq > log.held);
  const { since, modseq } = push;
  return advance(learn(log, { ...push, items }), log.held, [...log.ahead, { since, modseq }]);
}

/** Take in an answer to "what changed since": it closes every number up to its own. */
export function catchUp(log: Log, answer: Changes): Log {
  return advance(learn(log, answer), Math.max(log.held, answer.modseq), log.ahead);
}

/** Join to what is held each stretch that begins no later than it ends. */
function advance(log: Log, from: number, told: readonly Stretch[]): Log {
  let held = from;
  for (const { since, modseq } of [...told].sort((a, b) => a.since - b.since)) {
    if (since <= held) held = Math.max(held, modseq);
  }
  return { ...log, held, ahead: told.filter(({ modseq }) => modseq > held) };
}
