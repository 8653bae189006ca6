import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FakeServer } from "@tests/support/fake-server";

import { Inbox } from "./inbox";
import { byNewest } from "./order";
import { TABS, type InboxItem, type Listener, type Mark, type Push, type Tab } from "./types";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const MARKS: readonly Mark[] = ["read", "unread", "archive", "unarchive"];

/** One thing that may happen between a server, a network that may do anything, and a reader. */
const happening = fc.oneof(
  fc.record({ what: fc.constant("arrive" as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    what: fc.constantFrom("elsewhere" as const, "mark" as const),
    which: fc.nat(30),
    mark: fc.constantFrom(...MARKS),
  }),
  fc.record({ what: fc.constantFrom("withdraw" as const, "remove" as const), which: fc.nat(30) }),
  fc.record({
    what: fc.constantFrom("deliver" as const, "repeat" as const, "lose" as const),
    which: fc.nat(30),
  }),
  fc.record({ what: fc.constant("more" as const), tab: fc.constantFrom(...TABS) }),
  fc.record({ what: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
  fc.record({
    what: fc.constantFrom(
      "readAll" as const,
      "seen" as const,
      "disconnect" as const,
      "reconnect" as const,
      "fail" as const,
      "recover" as const,
      "prune" as const,
    ),
  }),
);

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** A reader, a server, and the pushes that are on their way between them. */
class World {
  readonly server = new FakeServer();
  readonly inbox: Inbox;
  readonly announced: number[] = [];
  readonly #flying: Push[] = [];
  readonly #landed: Push[] = [];
  #line: Listener | undefined;
  #live = true;

  constructor(lags: readonly number[]) {
    let turn = 0;
    this.server.lag = () =>
      new Promise((resolve) => setTimeout(resolve, lags[turn++ % lags.length] ?? 0));
    this.inbox = new Inbox({
      api: this.server,
      realtime: (listener) => {
        this.#line = listener;
        listener.status("live");
        return { close: () => undefined, probe: () => undefined };
      },
    });
    this.inbox.onArrival((items) => this.announced.push(...items.map((item) => item.id)));
    this.inbox.start();
  }

  async happen(event: Happening): Promise<void> {
    const { server, inbox } = this;
    switch (event.what) {
      case "arrive":
        server.arrive(event.count);
        break;
      case "elsewhere":
        pick([...server.items.keys()], event.which, (id) => server.change(id, event.mark));
        break;
      case "mark":
        pick(inbox.snapshot().lists.all.items, event.which, ({ id }) => {
          inbox.mark(id, event.mark).catch(() => undefined);
        });
        break;
      case "withdraw":
        pick([...server.items.keys()], event.which, (id) => server.change(id, "delete"));
        break;
      case "remove":
        pick(inbox.snapshot().lists.all.items, event.which, ({ id }) => {
          inbox.remove(id).catch(() => undefined);
        });
        break;
      case "deliver":
        pick(this.#flying, event.which, (push, at) => {
          this.#flying.splice(at, 1);
          this.#landed.push(push);
          this.#line?.push(push);
        });
        break;
      case "repeat":
        pick(this.#landed, event.which, (push) => this.#line?.push(push));
        break;
      case "lose":
        pick(this.#flying, event.which, (_, at) => this.#flying.splice(at, 1));
        break;
      case "more":
        void inbox.more(event.tab);
        break;
      case "wait":
        await vi.advanceTimersByTimeAsync(event.ms);
        break;
      case "readAll":
      case "seen":
        inbox[event.what]().catch(() => undefined);
        break;
      case "disconnect":
        this.#flying.length = 0;
        this.#live = false;
        this.#line?.status("reconnecting");
        break;
      case "reconnect":
        this.#reconnect();
        break;
      case "fail":
        server.refusing = 503;
        break;
      case "recover":
        server.refusing = null;
        break;
      case "prune":
        server.floor = server.modseq;
    }
    this.#flying.push(...server.pushes.splice(0));
  }

  /** All is well again, what flew has been lost, one last push comes through, and time passes. */
  async calm(): Promise<void> {
    this.server.refusing = null;
    if (!this.#live) this.#reconnect();
    this.server.arrive();
    for (const push of this.server.pushes.splice(0)) this.#line?.push(push);
    await vi.advanceTimersByTimeAsync(60_000);
  }

  #reconnect(): void {
    this.#live = true;
    this.#line?.status("live");
  }

  /** What the server would show of a tab as far down as the reader has loaded it. */
  truth(tab: Tab): InboxItem[] {
    const { items, more } = this.inbox.snapshot().lists[tab];
    const last = items.at(-1);
    const all = this.server.list(tab);
    return more && last !== undefined ? all.filter((item) => byNewest(item, last) <= 0) : all;
  }
}

function pick<T>(list: readonly T[], which: number, then: (one: T, at: number) => unknown): void {
  const at = which % list.length;
  const one = list[at];
  if (one !== undefined) then(one, at);
}

test("whatever happens on the way, the reader ends up with the server's truth", async () => {
  const lags = fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { maxLength: 60, size: "max" }),
      lags,
      async (events, lags) => {
        const world = new World(lags);
        for (const event of events) await world.happen(event);
        await world.calm();

        const { lists, counts } = world.inbox.snapshot();
        expect(counts).toEqual(world.server.counts());
        for (const tab of TABS)
          if (lists[tab].loaded) expect(lists[tab].items).toEqual(world.truth(tab));
        expect(new Set(world.announced).size).toBe(world.announced.length);
        world.inbox.stop();
      },
    ),
    { numRuns: 400, interruptAfterTimeLimit: 40_000 },
  );
}, 60_000);

test("a reader who loads everything ends up with everything", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 40, size: "max" }), async (events) => {
      const world = new World([5]);
      for (const event of events) await world.happen(event);
      await world.calm();
      for (const tab of TABS) {
        do {
          const page = world.inbox.more(tab);
          await vi.advanceTimersByTimeAsync(100);
          await page;
        } while (world.inbox.snapshot().lists[tab].more);
        expect(world.inbox.snapshot().lists[tab].items).toEqual(world.server.list(tab));
      }
      world.inbox.stop();
    }),
    { numRuns: 100 },
  );
}, 60_000);
