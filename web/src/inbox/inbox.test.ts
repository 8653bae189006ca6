import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { FakeServer } from "@tests/support/fake-server";

import { Inbox } from "./inbox";
import type { InboxItem, Listener, Realtime, Tab } from "./types";

let server: FakeServer;
let inbox: Inbox;
let line: Listener;
let arrived: number[];
let signedOut: number;
let probed: number;

const realtime: Realtime = (listener) => {
  line = listener;
  listener.status("connecting");
  return { close: () => undefined, probe: () => (probed += 1) };
};

/** The server has four items, pages of three; the inbox shows the first page and is live. */
beforeEach(async () => {
  vi.useFakeTimers();
  server = new FakeServer();
  for (let n = 0; n < 4; n += 1) server.arrive();
  arrived = [];
  signedOut = 0;
  probed = 0;
  inbox = new Inbox({ api: server, realtime, onSignedOut: () => (signedOut += 1) });
  inbox.onArrival((items) => arrived.push(...items.map((item) => item.id)));
  inbox.start();
  line.status("live");
  await settled();
  server.asked.length = 0;
  server.pushes.length = 0;
});

afterEach(() => {
  inbox.stop();
  vi.useRealTimers();
});

const settled = () => vi.advanceTimersByTimeAsync(2_000);

function ids(tab: Tab = "all"): number[] {
  return inbox.snapshot().lists[tab].items.map((item) => item.id);
}

function shown(id: number): InboxItem | undefined {
  return inbox.snapshot().lists.all.items.find((item) => item.id === id);
}

function deliver(): void {
  for (const push of server.pushes.splice(0)) line.push(push);
}

test("it opens on the newest page, and the counts of the whole", () => {
  expect(ids()).toEqual([4, 3, 2]);
  expect(inbox.snapshot().counts.unread).toBe(4);
  expect(inbox.snapshot().lists.all.more).toBe(true);
});

test("a connection that is made before the first page came is known to be live", async () => {
  const late = new Inbox({ api: server, realtime });
  server.lag = () => new Promise((resolve) => setTimeout(resolve, 50));
  late.start();
  line.status("live");
  await settled();
  expect(late.snapshot().status).toBe("live");
  late.stop();
});

test("a push shows at once, and nobody is asked", async () => {
  server.arrive();
  deliver();
  expect(ids()[0]).toBe(5);
  expect(inbox.snapshot().counts.unread).toBe(5);
  await settled();
  expect(server.asked).toEqual([]);
});

test("each arrival is announced once, however often it is pushed", async () => {
  server.arrive();
  const pushes = [...server.pushes];
  deliver();
  pushes.forEach((push) => line.push(push));
  line.status("live");
  await settled();
  expect(arrived).toEqual([5]);
});

test("a push that overtakes the first page is not forgotten", async () => {
  const late = new Inbox({ api: server, realtime });
  server.lag = () => new Promise((resolve) => setTimeout(resolve, 50));
  late.start();
  await vi.advanceTimersByTimeAsync(75); // the answer is on its way
  server.arrive();
  deliver();
  line.status("offline"); // nor will a reconnect put it right
  await settled();
  expect(late.snapshot().lists.all.items[0]?.id).toBe(5);
  late.stop();
});

test("a push that overtakes a fresh start is not forgotten", async () => {
  server.floor = 5;
  server.arrive();
  server.lag = () => new Promise((resolve) => setTimeout(resolve, 50));
  inbox.doubt();
  await vi.advanceTimersByTimeAsync(125); // refused, asked for the page, its answer is on its way
  server.arrive();
  deliver();
  line.status("offline");
  await settled();
  expect(ids()[0]).toBe(6);
});

test("a page that a fresh start overtakes is not shown", async () => {
  let waits = 0;
  server.lag = () => new Promise((resolve) => setTimeout(resolve, waits++ === 1 ? 1_500 : 50));
  void inbox.more("archived"); // answered at once, but long on its way
  await vi.advanceTimersByTimeAsync(60);
  server.change(4, "archive");
  server.floor = server.modseq;
  inbox.doubt();
  await settled();
  expect(inbox.snapshot().lists.archived.loaded).toBe(false);
  await Promise.all([inbox.more("archived"), settled()]);
  expect(ids("archived")).toEqual([4]);
});

test("what was there before is not announced, though it comes up later", async () => {
  server.change(1, "read");
  server.change(1, "unread");
  deliver();
  await inbox.more("all");
  expect(arrived).toEqual([]);
});

test("an item that is edited keeps its place and shows once", () => {
  server.change(3, "read");
  deliver();
  expect(ids()).toEqual([4, 3, 2]);
  expect(shown(3)?.read_at).not.toBeNull();
});

test("a gap is asked about, once", async () => {
  server.arrive();
  server.arrive();
  server.pushes.shift();
  deliver();
  expect(ids()[0]).toBe(6);
  await settled();
  expect(server.asked).toEqual(["changes 4"]);
  expect(ids().slice(0, 2)).toEqual([6, 5]);
});

test("pushes that only changed places are not asked about", async () => {
  server.arrive();
  server.arrive();
  server.pushes.reverse();
  deliver();
  await settled();
  expect(server.asked).toEqual([]);
});

test("gaps in a stream without pause are asked about all the same", async () => {
  server.arrive();
  server.pushes.shift(); // lost
  for (let n = 0; n < 10; n += 1) {
    server.arrive();
    deliver();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(server.asked[0]).toBe("changes 4");
});

test("a reconnect asks what was missed, page by page", async () => {
  for (let n = 0; n < 5; n += 1) server.arrive();
  line.status("reconnecting");
  line.status("live");
  await settled();
  expect(server.asked).toEqual(["changes 4", "changes 7"]);
  expect(ids()[0]).toBe(9);
  expect(arrived).toEqual([5, 6, 7, 8, 9]);
});

test("a number the server no longer follows up starts the inbox afresh", async () => {
  for (let n = 0; n < 5; n += 1) server.arrive();
  server.floor = 8;
  line.status("live");
  await settled();
  expect(ids()).toEqual([9, 8, 7]);
});

test("a page that wakes up asks and has its line tested, though it claims to be live", async () => {
  server.arrive();
  server.pushes.length = 0; // went into a socket that is dead
  expect(inbox.snapshot().status).toBe("live");
  inbox.wake();
  await vi.advanceTimersByTimeAsync(0);
  expect(ids()[0]).toBe(5);
  expect(probed).toBe(1);
});

test("a doubt of the line is asked about, whatever the status", async () => {
  server.arrive();
  line.doubt();
  await vi.advanceTimersByTimeAsync(0);
  expect(ids()[0]).toBe(5);
});

test("while nothing can be heard it asks now and then", async () => {
  line.status("offline");
  server.arrive();
  await vi.advanceTimersByTimeAsync(21_000);
  expect(ids()[0]).toBe(5);
});

test("a server in trouble is asked less and less often, and then again", async () => {
  server.refusing = 503;
  server.arrive();
  line.status("live");
  await vi.advanceTimersByTimeAsync(30_000);
  expect(server.asked.length).toBeLessThan(12);
  server.refusing = null;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(ids()[0]).toBe(5);
});

test("a message that is no push makes it ask, and breaks nothing", async () => {
  line.push("<script>");
  await settled();
  expect(server.asked).toEqual(["changes 4"]);
});

test("an ended session is reported", async () => {
  server.refusing = 401;
  line.status("live");
  await vi.advanceTimersByTimeAsync(10);
  expect(signedOut).toBe(1);
});

describe("a mark", () => {
  test("shows before the server has answered", () => {
    void inbox.mark(4, "read");
    expect(shown(4)?.read_at).not.toBeNull();
    expect(inbox.snapshot().counts.unread).toBe(3);
  });

  test("is undone when the server refuses, and says so", async () => {
    server.refusing = 503;
    await expect(inbox.mark(4, "read")).rejects.toThrow();
    expect(shown(4)?.read_at).toBeNull();
    expect(inbox.snapshot().counts.unread).toBe(4);
  });

  test("is confirmed by its push, without a question", async () => {
    await inbox.mark(4, "archive");
    deliver();
    await settled();
    expect(ids()).not.toContain(4);
    expect(server.asked).toEqual(["archive 4"]);
  });

  test("whose push was lost is asked about, and never flickers", async () => {
    const counts: number[] = [];
    inbox.subscribe(() => counts.push(inbox.snapshot().counts.unread));
    await inbox.mark(4, "read");
    await settled();
    expect(server.asked).toEqual(["read 4", "changes 4"]);
    expect(new Set(counts)).toEqual(new Set([3]));
  });

  test("moves the item between the tabs", async () => {
    await inbox.more("archived");
    await inbox.mark(4, "archive");
    expect(ids("archived")).toEqual([4]);
    await inbox.mark(4, "unarchive");
    expect(ids("archived")).toEqual([]);
    expect(ids()[0]).toBe(4);
  });

  test("does not pretend to know how many more than 99 are left", async () => {
    server.arrive(120);
    line.status("live");
    await settled();
    void inbox.mark(124, "read");
    expect(inbox.snapshot().counts.unread).toBe(100);
  });
});

test("a deleted item is gone from every tab, and comes back when the server refuses", async () => {
  server.refusing = 503;
  const deleted = inbox.remove(4);
  expect(ids()).not.toContain(4);
  await expect(deleted).rejects.toThrow();
  expect(ids()).toContain(4);
  server.refusing = null;
  await inbox.remove(4);
  await settled();
  expect(ids()).not.toContain(4);
  expect(inbox.snapshot().counts.unread).toBe(3);
});

test("reading all leaves unread what comes in meanwhile", async () => {
  server.lag = () => new Promise((resolve) => setTimeout(resolve, 50));
  const done = inbox.readAll();
  expect(inbox.snapshot().counts.unread).toBe(0);
  server.arrive();
  deliver();
  expect(inbox.snapshot().counts.unread).toBe(1);
  await vi.advanceTimersByTimeAsync(100);
  await done;
  await settled();
  expect(inbox.snapshot().counts.unread).toBe(1);
  expect(ids("all").filter((id) => shown(id)?.read_at === null)).toEqual([5]);
});

test("looking at the list marks it seen, and what comes later is unseen again", async () => {
  await inbox.seen();
  expect(inbox.snapshot().counts.unseen).toBe(0);
  server.arrive();
  deliver();
  expect(inbox.snapshot().counts.unseen).toBe(1);
  await settled();
  expect(inbox.snapshot().counts.unseen).toBe(1);
});

test("looking leaves unseen what the server has and no list has shown, and does not ask on", async () => {
  server.arrive(); // told to nobody yet
  const asked = () => server.asked.filter((what) => what.startsWith("seen"));
  await inbox.seen();
  expect(asked()).toEqual(["seen 4"]);
  expect(server.counts().unseen).toBe(1);
  server.refusing = 503;
  server.asked.length = 0;
  server.arrive();
  deliver();
  await inbox.seen().catch(() => undefined);
  await inbox.seen();
  expect(asked()).toHaveLength(1);
});

test("a list shows nothing below its last page, so that it has no holes", async () => {
  for (let n = 0; n < 6; n += 1) server.arrive();
  deliver();
  server.change(1, "read"); // deep down, on another screen
  deliver();
  expect(ids()).not.toContain(1);
  while (inbox.snapshot().lists.all.more) await inbox.more("all");
  expect(ids()).toEqual(server.list("all").map((item) => item.id));
});

test("a page that could not be loaded says so, and can be asked for again", async () => {
  server.refusing = 503;
  await inbox.more("all");
  expect(inbox.snapshot().asking.all).toBe("failed");
  server.refusing = null;
  await inbox.more("all");
  expect(inbox.snapshot().asking.all).toBe("idle");
  expect(ids()).toContain(1);
});
