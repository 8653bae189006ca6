import { ApiError } from "@/api/errors";

import { Alarm, Backoff } from "./alarm";
import type { Action } from "./pending";
import { parsePush } from "./push";
import { arrivals, EMPTY, need, reduce, type Event, type State } from "./state";
import type { InboxApi, InboxItem, Line, Mark, Realtime, Shown, Status, Tab } from "./types";
import { keep, NOTHING, view, type Asking, type InboxSnapshot } from "./view";

export type InboxOptions = {
  api: InboxApi;
  realtime: Realtime;
  /** Called when the server no longer knows who is asking. */
  onSignedOut?: () => void;
};

/** How long a gap may stay before it is asked about: late and own changes close it by themselves. */
const GRACE_MS = 250;
/** How often to ask while nothing can be heard. */
const POLL_MS = 20_000;

/**
 * One reader's inbox: the state machine of `state.ts`, and what it needs done. Start it once,
 * subscribe to it from anywhere.
 */
export class Inbox {
  readonly #api: InboxApi;
  readonly #realtime: Realtime;
  readonly #onSignedOut: () => void;
  readonly #readers = new Set<() => void>();
  readonly #greeters = new Set<(items: readonly InboxItem[]) => void>();
  /** A restart forgets items; that they were announced must outlive it. */
  readonly #announced = new Set<number>();
  readonly #soon = new Alarm(() => void this.#ask());
  readonly #backoff = new Backoff(() => void this.#ask());
  #state: State = EMPTY;
  #snapshot: InboxSnapshot = NOTHING;
  #line: Line | null = null;
  /** What was shown when the reader last looked at the list. */
  #looked: Shown | null = null;
  #poll: ReturnType<typeof setInterval> | undefined;
  #asking = false;
  #nextKey = 1;

  constructor({ api, realtime, onSignedOut = () => undefined }: InboxOptions) {
    this.#api = api;
    this.#realtime = realtime;
    this.#onSignedOut = onSignedOut;
  }

  /** Load, listen, and stay current until `stop`. */
  start(): void {
    if (this.#line !== null) return;
    this.#poll = setInterval(() => {
      if (this.#snapshot.status !== "live") this.doubt();
    }, POLL_MS);
    this.#line = this.#realtime({
      push: (data) => this.#pushed(data),
      status: (status) => this.#heardStatus(status),
      doubt: () => this.doubt(),
    });
    this.#attend(0);
  }

  stop(): void {
    this.#line?.close();
    this.#line = null;
    clearInterval(this.#poll);
    this.#soon.clear();
    this.#backoff.clear();
  }

  readonly subscribe = (reader: () => void): (() => void) => {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  };

  readonly snapshot = (): InboxSnapshot => this.#snapshot;

  readonly serverSnapshot = (): InboxSnapshot => NOTHING;

  /** Hear of items as they come in, oldest first; never of the same one twice. */
  readonly onArrival = (greeter: (items: readonly InboxItem[]) => void): (() => void) => {
    this.#greeters.add(greeter);
    return () => this.#greeters.delete(greeter);
  };

  /** Mark one item. Shown at once; undone, and rejected, when the server refuses. */
  async mark(id: number, mark: Mark): Promise<void> {
    await this.#act({ kind: mark, id }, async () => (await this.#api.mark(id, mark)).modseq);
  }

  /** Delete one for good, likewise. */
  async remove(id: number): Promise<void> {
    await this.#act({ kind: "delete", id }, async () => {
      await this.#api.remove(id);
      return null;
    });
  }

  /** Mark everything shown, and all that is older, read. */
  async readAll(): Promise<void> {
    const through = this.#newest();
    if (through === undefined) return;
    const shown = { through: through.id, modseq: this.#state.log?.held ?? 0 };
    await this.#act({ kind: "read-all", through }, async () => {
      await this.#api.readAll(shown);
      return null;
    });
  }

  /** The reader looked at the list. */
  async seen(): Promise<void> {
    const { log } = this.#state;
    const through = this.#newest();
    if (log === null || through === undefined || this.#snapshot.counts.unseen === 0) return;
    const shown = { through: through.id, modseq: log.held };
    // What is still unseen after that was not shown yet: to ask again would change nothing.
    if (shown.through === this.#looked?.through && shown.modseq === this.#looked.modseq) return;
    this.#looked = shown;
    await this.#act({ kind: "seen", modseq: log.heard }, async () => {
      await this.#api.seen(shown);
      return null;
    });
  }

  #newest(): InboxItem | undefined {
    const { all, unread } = this.#snapshot.lists;
    return all.items[0] ?? unread.items[0];
  }

  /** Load the next page of a tab, or its first. */
  async more(tab: Tab): Promise<void> {
    const { windows, log } = this.#state;
    const window = windows[tab];
    if (log === null || window?.next === null || this.#snapshot.asking[tab] === "loading") return;
    this.#report(tab, "loading");
    try {
      const page = await this.#api.page(tab, window?.next ?? null);
      // A restart has thrown away the window that this page would have continued.
      if (this.#state.windows[tab] === window) this.#dispatch({ type: "paged", tab, page });
      this.#report(tab, "idle");
    } catch (error) {
      this.#failed(error);
      this.#report(tab, "failed");
    }
  }

  /** The page or the network was away: ask now, and see whether the connection still lives. */
  wake(): void {
    this.doubt();
    this.#line?.probe();
  }

  /** Something may have been missed: ask now. */
  doubt(): void {
    this.#looked = null;
    this.#backoff.clear();
    this.#dispatch({ type: "doubted" });
    this.#attend(0);
  }

  async #act(action: Action, call: () => Promise<number | null>): Promise<void> {
    const key = this.#nextKey++;
    this.#dispatch({ type: "acted", key, action, at: new Date().toISOString() });
    try {
      this.#dispatch({ type: "accepted", key, modseq: await call() });
    } catch (error) {
      this.#dispatch({ type: "refused", key });
      this.#failed(error);
      throw error;
    }
  }

  #pushed(data: unknown): void {
    const push = parsePush(data);
    if (push === null) this.#dispatch({ type: "doubted" });
    else this.#dispatch({ type: "pushed", push });
  }

  #heardStatus(status: Status): void {
    this.#show(keep(this.#snapshot, { ...this.#snapshot, status }));
    if (status === "live") this.doubt();
  }

  #dispatch(event: Event): void {
    const before = this.#state;
    this.#state = reduce(before, event);
    this.#show(view(this.#state, this.#snapshot));
    if (event.type === "pushed" || event.type === "caught-up") this.#greet(before);
    this.#attend();
  }

  #greet(before: State): void {
    const items = arrivals(before, this.#state).filter(({ id }) => !this.#announced.has(id));
    if (items.length === 0) return;
    for (const { id } of items) this.#announced.add(id);
    for (const greeter of this.#greeters) greeter(items);
  }

  #report(tab: Tab, asking: Asking): void {
    this.#show({ ...this.#snapshot, asking: { ...this.#snapshot.asking, [tab]: asking } });
  }

  #show(snapshot: InboxSnapshot): void {
    if (snapshot === this.#snapshot) return;
    this.#snapshot = snapshot;
    for (const reader of this.#readers) reader();
  }

  /** See to it that what the state needs is asked for, after `delay` or a moment of grace. */
  #attend(delay = GRACE_MS): void {
    if (this.#line === null || this.#asking || this.#backoff.waiting) return;
    if (need(this.#state) === null) this.#soon.clear();
    else this.#soon.set(delay);
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    let more = false;
    try {
      const event = await this.#question();
      more = event.type === "caught-up" && event.changes.more;
      this.#backoff.clear();
      this.#dispatch(event);
    } catch (error) {
      this.#failed(error);
      this.#backoff.wait();
    } finally {
      this.#asking = false;
    }
    this.#attend(more ? 0 : GRACE_MS);
  }

  /** Put the one question that brings the state nearest to the truth. */
  async #question(): Promise<Event> {
    const { log, doubts: asked } = this.#state;
    if (log === null) return { type: "restarted", page: await this.#api.page("all", null), asked };
    try {
      return { type: "caught-up", changes: await this.#api.changes(log.held), asked };
    } catch (error) {
      if (!(error instanceof ApiError) || !LOST.has(error.status)) throw error;
      return { type: "restarted", page: await this.#api.page("all", null), asked };
    }
  }

  #failed(error: unknown): void {
    if (error instanceof ApiError && error.status === 401) this.#onSignedOut();
  }
}

/** Answers to `changes` which say that our number is none of this log: too old, or of its future. */
const LOST: ReadonlySet<number> = new Set([400, 409, 410]);
