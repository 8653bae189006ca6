/** What the inbox's API and its channel speak: the names are the wire's own. */

import type { components } from "@/api/schema";

type Schemas = components["schemas"];

export type InboxItem = Schemas["InboxItem"];

/** Exact up to 99; 100 means "more than 99". */
export type Counts = Schemas["InboxCounts"];

export type Tab = "all" | "unread" | "archived";
export const TABS: readonly Tab[] = ["all", "unread", "archived"];

/**
 * What is pushed: the log from `since` to `modseq`. Where that was too much to send, `since` is
 * `modseq`: nothing is told but that something happened.
 */
export type Push = { since: number; modseq: number; items: readonly InboxItem[]; counts: Counts };

/** A page of a tab, newest first, as the log stood at `modseq`. */
export type Page = Schemas["InboxPage"];

/** What changed after a number, in the order of the log; `more` when that was not all. */
export type Changes = Schemas["InboxChanges"];

export type Mark = "read" | "unread" | "archive" | "unarchive";

/** What a screen showed: the newest item's id, and up to which number the log was held. */
export type Shown = Schemas["InboxReadAllRequest"];

/** The server's side of the inbox. Each call rejects with an `ApiError` when it fails. */
export type InboxApi = {
  page(tab: Tab, cursor: string | null): Promise<Page>;
  changes(since: number): Promise<Changes>;
  mark(id: number, mark: Mark): Promise<InboxItem>;
  /** Delete for good. */
  remove(id: number): Promise<unknown>;
  /** Mark what was shown, and all that came before it, read. */
  readAll(shown: Shown): Promise<unknown>;
  seen(shown: Shown): Promise<unknown>;
};

export type Status = "connecting" | "live" | "reconnecting" | "offline";

export type Listener = {
  /** A message of the channel as it came: any JSON. */
  push(data: unknown): void;
  /** Every "live" may follow a time in which pushes were missed. */
  status(status: Status): void;
  /** Pushes may have been missed just now, whatever the status. */
  doubt(): void;
};

/** A way to the reader's channel that is kept open. */
export type Line = {
  close(): void;
  /** It may be dead without knowing, since the page or the network was away: find out soon. */
  probe(): void;
};

/** Something that hears the reader's channel until its line is closed. */
export type Realtime = (listener: Listener) => Line;
