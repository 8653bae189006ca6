import type { Counts, InboxItem, Push } from "./types";

/**
 * Read a message of the inbox's channel; null when it is none that we understand.
 *
 * Items may come as no more than their id and modseq, when a transport has no room for the rest.
 * They are left out, and the push no longer claims to tell all that happened.
 */
export function parsePush(data: unknown): Push | null {
  if (!isRecord(data) || !isModseq(data.since) || !isModseq(data.modseq)) return null;
  if (!isCounts(data.counts) || !Array.isArray(data.items)) return null;
  const { modseq, counts } = data;
  const items = data.items.filter(isWhole);
  return { since: items.length === data.items.length ? data.since : modseq, modseq, items, counts };
}

type Fields = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function isModseq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is Counts {
  return isRecord(value) && isModseq(value.unread) && isModseq(value.unseen);
}

function isWhole(item: unknown): item is InboxItem {
  return (
    isRecord(item) &&
    isModseq(item.id) &&
    isModseq(item.modseq) &&
    TEXTS.every((name) => typeof item[name] === "string") &&
    TIMES.every((name) => item[name] === null || typeof item[name] === "string") &&
    (item.actor === null || (isRecord(item.actor) && typeof item.actor.name === "string"))
  );
}

const TEXTS = ["type", "title", "body", "url", "created_at"] as const;
const TIMES = ["seen_at", "read_at", "archived_at", "deleted_at"] as const;
