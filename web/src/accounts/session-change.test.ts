import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { onSessionChange } from "./session-change";

let page: { cookie: string };
let store: EventTarget;
let changes: number;

beforeEach(() => {
  page = { cookie: "theme=dark; csrftoken=first" };
  store = new EventTarget();
  changes = 0;
  vi.stubGlobal("document", page);
  vi.stubGlobal("cookieStore", store);
});

afterEach(() => vi.unstubAllGlobals());

function give(cookie: string): void {
  page.cookie = cookie;
  store.dispatchEvent(new Event("change"));
}

test("a new token is a new session, and the same one again is not", () => {
  const end = onSessionChange(() => (changes += 1));
  give("csrftoken=first; theme=light");
  expect(changes).toBe(0);
  give("csrftoken=second");
  give("csrftoken=second");
  expect(changes).toBe(1);
  end();
  give("csrftoken=third");
  expect(changes).toBe(1);
});

test("the first token of a page is no change", () => {
  page.cookie = "";
  onSessionChange(() => (changes += 1));
  give("csrftoken=first");
  expect(changes).toBe(0);
});

test("a browser that does not tell of cookies is let be", () => {
  vi.unstubAllGlobals();
  expect(() => onSessionChange(() => undefined)()).not.toThrow();
});
