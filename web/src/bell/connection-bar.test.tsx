import { act, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Status } from "@/inbox/types";
import { FakeServer } from "@tests/support/fake-server";
import { showLive } from "@tests/support/live";

import { ConnectionBar } from "./connection-bar";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const bar = () => screen.getByRole("status", { name: "Connection" });
const later = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

test("a connection that is well is not worth a word", async () => {
  await showLive(<ConnectionBar />, new FakeServer());
  await later(60_000);
  expect(bar().textContent).toBe("");
});

test.each<[Status, string]>([
  ["connecting", "Connecting…"],
  ["reconnecting", "Reconnecting…"],
  ["offline", "You are offline."],
])("a connection that stays %s is told, until it is back", async (status, words) => {
  const live = await showLive(<ConnectionBar />, new FakeServer());
  await live.become(status);
  await later(2_500);
  expect(bar().textContent).toContain(words);
  await live.become("live");
  expect(bar().textContent).toBe("");
});

test("a connection that is soon back is not told of", async () => {
  const live = await showLive(<ConnectionBar />, new FakeServer());
  await live.become("reconnecting");
  await later(1_500);
  await live.become("live");
  await later(5_000);
  expect(bar().textContent).toBe("");
});
