import { belongs, byNewest } from "./order";
import type { Counts, InboxItem, Mark } from "./types";

/** What the reader did, as shown before the log confirms it. */
export type Action =
  | { kind: Mark | "delete"; id: number }
  | { kind: "read-all"; through: Pick<InboxItem, "id"> }
  /** `modseq`: what the reader could see then; whatever came later is still unseen. */
  | { kind: "seen"; modseq: number };

export type Pending = {
  key: number;
  action: Action;
  at: string;
  /**
   * When the log holds what the action did: unknown before the server answers, then once `held`
   * reaches a number, or once a question asked after the answer was answered too.
   */
  until: { held: number } | { asked: number } | null;
};

/** The item as it will be once the action is confirmed. */
export function foresee(item: InboxItem, { action, at }: Pending): InboxItem {
  switch (action.kind) {
    case "read":
      return action.id === item.id ? read(item, at) : item;
    case "unread":
      return action.id === item.id ? { ...item, read_at: null } : item;
    case "archive":
      return action.id === item.id ? { ...item, archived_at: item.archived_at ?? at } : item;
    case "unarchive":
      return action.id === item.id ? { ...item, archived_at: null } : item;
    case "delete":
      return action.id === item.id ? { ...item, deleted_at: at } : item;
    case "read-all":
      return byNewest(item, action.through) >= 0 ? read(item, at) : item;
    case "seen":
      return item.modseq <= action.modseq ? { ...item, seen_at: item.seen_at ?? at } : item;
  }
}

function read(item: InboxItem, at: string): InboxItem {
  return { ...item, seen_at: item.seen_at ?? at, read_at: item.read_at ?? at };
}

const MORE_THAN_COUNTED = 100;

/**
 * Counts as they will be. `before` and `after` are the known items, without and with the pending
 * actions; the difference is what the reader's own actions change.
 */
export function foreseeCounts(
  counts: Counts,
  before: readonly InboxItem[],
  after: readonly InboxItem[],
  pending: readonly Pending[],
): Counts {
  const everything = pending.some(({ action }) => action.kind === "read-all");
  const looked = pending.some(({ action }) => action.kind === "seen");
  return {
    unread: everything ? count(after, isUnread) : shift(counts.unread, before, after, isUnread),
    unseen:
      everything || looked ? count(after, isUnseen) : shift(counts.unseen, before, after, isUnseen),
  };
}

type Test = (item: InboxItem) => boolean;

const isUnread: Test = (item) => belongs(item, "unread");
const isUnseen: Test = (item) => item.seen_at === null && belongs(item, "all");

function count(items: readonly InboxItem[], test: Test): number {
  return Math.min(items.filter(test).length, MORE_THAN_COUNTED);
}

function shift(
  counted: number,
  before: readonly InboxItem[],
  after: readonly InboxItem[],
  test: Test,
): number {
  if (counted >= MORE_THAN_COUNTED) return counted; // how many more is not known
  const change = after.filter(test).length - before.filter(test).length;
  return Math.max(0, Math.min(counted + change, MORE_THAN_COUNTED));
}
