import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";

import { FakeServer } from "@tests/support/fake-server";

import { begin, catchUp, hear, type Log } from "./log";

let server: FakeServer;
let log: Log;

/** Two items are held; two more came, and one was read, all of it pushed but not heard yet. */
beforeEach(async () => {
  server = new FakeServer();
  server.arrive(2);
  log = begin(await server.page("all", null));
  server.pushes.length = 0;
  server.arrive();
  server.arrive();
  server.change(1, "read");
});

function modseqs({ items }: Log): number[] {
  return [...items.values()].map((item) => item.modseq).sort((a, b) => a - b);
}

function truth(): number[] {
  return [...server.items.values()].map((item) => item.modseq).sort((a, b) => a - b);
}

test("pushes in order leave no gap", () => {
  const { held, heard } = server.pushes.reduce(hear, log);
  expect([held, heard]).toEqual([5, 5]);
});

test("a lost push leaves a gap that later pushes do not hide", () => {
  const [, second, third] = server.pushes;
  const { held, heard } = [second, third].reduce(
    (log, push) => (push ? hear(log, push) : log),
    log,
  );
  expect([held, heard]).toEqual([2, 5]);
});

test("an answer to what changed closes the gap", async () => {
  const gapped = server.pushes.slice(-1).reduce(hear, log);
  const whole = catchUp(gapped, await server.changes(gapped.held));
  expect(whole.held).toBe(5);
  expect(modseqs(whole)).toEqual(truth());
});

test("an answer that was not all closes only what it told", async () => {
  server.arrive(5);
  const answer = await server.changes(2);
  expect(answer.more).toBe(true);
  expect(catchUp(log, answer).held).toBe(answer.items.at(-1)?.modseq);
});

test("an item that changed twice in one push closes both of its numbers", () => {
  const [push] = server.pushes.slice(-1);
  const both = push && { ...push, since: 2 };
  expect(both && hear(log, both).held).toBe(5);
});

test("one push of several items closes all of their numbers", () => {
  const before = server.pushes.reduce(hear, log);
  server.arrive(3);
  expect(server.pushes.slice(-1).reduce(hear, before).held).toBe(8);
});

test("a push that had no room for what happened is a gap", () => {
  const counts = { unread: 0, unseen: 0 };
  const { held, heard } = hear(log, { since: 3, modseq: 3, items: [], counts });
  expect([held, heard]).toEqual([2, 3]);
});

describe("whatever the order, and however often each push comes", () => {
  const shuffled = fc.shuffledSubarray([0, 1, 2, 0, 1, 2], { minLength: 1 });

  test("an older item or count never replaces a newer one", () => {
    fc.assert(
      fc.property(shuffled, (order) => {
        let seen = log;
        for (const index of order) {
          const before = seen;
          const push = server.pushes[index];
          if (push !== undefined) seen = hear(before, push);
          expect(seen.held).toBeGreaterThanOrEqual(before.held);
          expect(seen.countedAt).toBeGreaterThanOrEqual(before.countedAt);
          for (const [id, item] of before.items) {
            expect(seen.items.get(id)?.modseq).toBeGreaterThanOrEqual(item.modseq);
          }
        }
      }),
    );
  });

  test("hearing all of them is hearing them in order", () => {
    const inOrder = server.pushes.reduce(hear, log);
    const all = fc.shuffledSubarray([0, 1, 2, 0, 1, 2], { minLength: 6 });
    fc.assert(
      fc.property(all, (order) => {
        const pushes = order.flatMap((index) => server.pushes[index] ?? []);
        expect(pushes.reduce(hear, log)).toEqual({
          ...inOrder,
          items: expect.any(Map) as Map<never, never>,
        });
        expect(Object.fromEntries(pushes.reduce(hear, log).items)).toEqual(
          Object.fromEntries(inOrder.items),
        );
      }),
    );
  });
});
