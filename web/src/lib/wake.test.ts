import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { onWake } from "./wake";

let page: EventTarget & { visibilityState: string };
let window_: EventTarget;
let woken: number;
let end: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  window_ = new EventTarget();
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", window_);
  woken = 0;
  end = onWake(() => (woken += 1));
});

afterEach(() => {
  end();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test.each(["pageshow", "online"])("%s wakes", (name) => {
  window_.dispatchEvent(new Event(name));
  expect(woken).toBe(1);
});

test("becoming visible wakes, and being hidden does not", () => {
  page.visibilityState = "hidden";
  page.dispatchEvent(new Event("visibilitychange"));
  expect(woken).toBe(0);
  page.visibilityState = "visible";
  page.dispatchEvent(new Event("visibilitychange"));
  expect(woken).toBe(1);
});

test.each([3_600_000, -3_600_000, 30_000])("a clock that jumps by %i ms wakes, once", (jump) => {
  vi.setSystemTime(Date.now() + jump);
  vi.advanceTimersByTime(60_000);
  expect(woken).toBe(1);
});

test("time that goes by does not wake, nor do the late ticks of a hidden page", () => {
  vi.advanceTimersByTime(3_600_000);
  page.visibilityState = "hidden";
  vi.setSystemTime(Date.now() + 55_000);
  vi.advanceTimersByTime(60_000);
  expect(woken).toBe(0);
});

test("nothing wakes what has ended", () => {
  end();
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.advanceTimersByTime(60_000);
  window_.dispatchEvent(new Event("online"));
  page.dispatchEvent(new Event("visibilitychange"));
  expect(woken).toBe(0);
});
