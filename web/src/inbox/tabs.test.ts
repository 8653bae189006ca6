import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Alarm } from "./alarm";
import { Membership, type Surroundings } from "./tabs";
import type { Line, Listener, Realtime, Status } from "./types";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Longer than a tab takes to miss its leader, ask, and take over. */
const PATIENCE_MS = 15_000;

type Request = {
  tab: Tab;
  lead: () => unknown;
  settle: { resolve: () => void; reject: (error: Error) => void };
};

/** A browser's locks and channels, and a server that publishes: by the Web Locks API, 2.3. */
class Browser {
  readonly tabs: Tab[] = [];
  #held: Request | null = null;
  #queue: Request[] = [];

  open(): Tab {
    const tab = new Tab(this);
    this.tabs.push(tab);
    tab.join();
    return tab;
  }

  /** The server publishes to each connection; one whose tab sleeps hears it when it wakes. */
  publish(data: number): void {
    for (const { line } of this.tabs) line?.push(data);
  }

  post(from: Tab, data: unknown): void {
    for (const tab of this.tabs) if (tab !== from) tab.run(() => tab.hear(data));
  }

  request(tab: Tab, options: LockOptions, lead: () => unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = {
        resolve: () => tab.run(resolve),
        reject: (error: Error) => tab.run(() => reject(error)),
      };
      const request: Request = { tab, lead, settle };
      options.signal?.addEventListener("abort", () => {
        if (!this.#queue.includes(request)) return;
        this.#queue = this.#queue.filter((each) => each !== request);
        settle.reject(new Error("aborted"));
      });
      if (options.steal === true) {
        this.#held?.settle.reject(new Error("stolen"));
        this.#held = null;
        this.#queue.unshift(request);
      } else {
        this.#queue.push(request);
      }
      this.#grant();
    });
  }

  /** A closed tab lets go of everything. */
  forget(tab: Tab): void {
    this.tabs.splice(this.tabs.indexOf(tab), 1);
    this.#queue = this.#queue.filter((request) => request.tab !== tab);
    if (this.#held?.tab === tab) this.#release(this.#held);
  }

  #grant(): void {
    const next = this.#held === null ? this.#queue.shift() : undefined;
    if (next === undefined) return;
    this.#held = next;
    // As a task of its own: never within the call that asked for it.
    setTimeout(() =>
      next.tab.run(() => {
        void Promise.resolve(next.lead()).then(() => {
          next.settle.resolve();
          this.#release(next);
        });
      }),
    );
  }

  #release(request: Request): void {
    if (this.#held !== request) return;
    this.#held = null;
    this.#grant();
  }
}

/** One tab; while it sleeps, whatever would run in it waits. */
class Tab implements Listener {
  readonly heard: unknown[] = [];
  status_: Status = "connecting";
  doubts = 0;
  probes = 0;
  line: Listener | null = null;
  asleep = false;
  readonly #browser: Browser;
  readonly #waiting: (() => void)[] = [];
  #channel: { onmessage: ((event: MessageEvent) => unknown) | null } = { onmessage: null };
  #membership: Line | undefined;

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  join(): void {
    const channel = {
      onmessage: null,
      postMessage: (data: unknown) => this.#browser.post(this, data),
      close: () => undefined,
    };
    this.#channel = channel;
    const surroundings: Surroundings = {
      locks: {
        request: ((_: string, options: LockOptions, lead: () => unknown) =>
          this.#browser.request(this, options, lead)) as LockManager["request"],
      },
      channel: () => channel,
      alarm: (ring) => new Alarm(() => this.run(ring)),
    };
    const own: Realtime = (listener) => {
      const line = {
        push: (data: unknown) => this.run(() => this.line === line && listener.push(data)),
        status: (status: Status) => listener.status(status),
        doubt: () => listener.doubt(),
      };
      this.line = line;
      setTimeout(() => this.run(() => this.line === line && line.status("live")), 100);
      return {
        close: () => {
          if (this.line === line) this.line = null;
        },
        probe: () => (this.probes += 1),
      };
    };
    this.#membership = new Membership("hark", own, this, surroundings);
  }

  run(what: () => unknown): void {
    if (this.asleep) this.#waiting.push(() => void what());
    else what();
  }

  sleep(): void {
    this.asleep = true;
  }

  wake(): void {
    this.asleep = false;
    for (const what of this.#waiting.splice(0)) what();
  }

  close(): void {
    this.wake();
    this.#membership?.close();
    this.#browser.forget(this);
  }

  probe(): void {
    this.#membership?.probe();
  }

  hear(data: unknown): void {
    this.#channel.onmessage?.(new MessageEvent("message", { data }));
  }

  push(data: unknown): void {
    this.heard.push(data);
  }

  status(status: Status): void {
    this.status_ = status;
  }

  doubt(): void {
    this.doubts += 1;
  }
}

const settled = () => vi.advanceTimersByTimeAsync(PATIENCE_MS);

/** Three tabs, of which the first leads. */
async function threeTabs(): Promise<[Browser, Tab, Tab, Tab]> {
  const browser = new Browser();
  const tabs = [browser.open(), browser.open(), browser.open()] as const;
  await settled();
  return [browser, ...tabs];
}

test("one tab connects, and all hear", async () => {
  const [browser, ...tabs] = await threeTabs();
  expect(tabs.map(({ line }) => line !== null)).toEqual([true, false, false]);
  browser.publish(1);
  expect(tabs.map(({ heard }) => heard)).toEqual([[1], [1], [1]]);
  expect(tabs.map(({ status_ }) => status_)).toEqual(["live", "live", "live"]);
});

test("a leader that is awake keeps the lead, however long nothing happens", async () => {
  const [, leader, follower] = await threeTabs();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(leader.line).not.toBeNull();
  expect(follower.doubts).toBe(0);
});

test("when the leader closes, another leads at once", async () => {
  const [browser, leader, second] = await threeTabs();
  leader.close();
  await vi.advanceTimersByTimeAsync(200);
  browser.publish(1);
  expect(second.heard).toEqual([1]);
});

test("a follower whose leader sleeps says so, asks, and takes over", async () => {
  const [browser, leader, second, third] = await threeTabs();
  leader.sleep();
  const said: Status[] = [];
  vi.spyOn(second, "status").mockImplementation((status) => said.push(status));
  vi.spyOn(third, "status").mockImplementation((status) => said.push(status));
  await settled();
  expect(said[0]).toBe("reconnecting");
  expect(said.at(-1)).toBe("live");
  expect(second.doubts + third.doubts).toBeGreaterThan(0);
  browser.publish(1);
  expect([second.heard, third.heard]).toEqual([[1], [1]]);
});

test("a leader that wakes up lets go of its connection, and hears the new leader", async () => {
  const [browser, leader] = await threeTabs();
  leader.sleep();
  await settled();
  leader.wake();
  await settled();
  expect(leader.line).toBeNull();
  expect(browser.tabs.filter(({ line }) => line !== null)).toHaveLength(1);
  browser.publish(1);
  expect(leader.heard).toEqual([1]);
});

test("a follower that is woken has the leader's line tested, and soon misses one that sleeps", async () => {
  const [, leader, second, third] = await threeTabs();
  second.probe();
  expect(leader.probes).toBe(1);
  leader.sleep();
  second.probe();
  await vi.advanceTimersByTimeAsync(4_500);
  expect([second.line, third.line].filter((line) => line !== null)).toHaveLength(1);
});

const happening = fc.oneof(
  fc.record({ what: fc.constant("open" as const) }),
  fc.record({
    what: fc.constantFrom("close" as const, "sleep" as const, "wake" as const, "probe" as const),
    which: fc.nat(4),
  }),
  fc.record({ what: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 12_000 }) }),
);

test("whatever tabs do, in the end one that is awake leads, and all that are awake hear", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 25 }), async (happenings) => {
      const browser = new Browser();
      browser.open();
      for (const event of happenings) {
        if (event.what === "open") {
          if (browser.tabs.length < 5) browser.open();
        } else if (event.what === "wait") {
          await vi.advanceTimersByTimeAsync(event.ms);
        } else {
          const tab = browser.tabs[event.which];
          if (tab !== undefined && !(event.what === "probe" && tab.asleep)) tab[event.what]();
        }
      }
      await settled();
      await settled();
      const awake = browser.tabs.filter((tab) => !tab.asleep);
      expect(awake.filter(({ line }) => line !== null)).toHaveLength(Math.min(awake.length, 1));
      browser.publish(7);
      for (const tab of awake) {
        expect(tab.heard.at(-1)).toBe(7);
        expect(tab.status_).toBe("live");
      }

      for (const tab of browser.tabs) tab.wake();
      await settled();
      const open = browser.tabs.filter(({ line }) => line !== null);
      expect(open).toHaveLength(Math.min(browser.tabs.length, 1));
      for (const tab of [...browser.tabs]) tab.close();
    }),
    { numRuns: 200 },
  );
});
