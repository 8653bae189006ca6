import { act, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FakeServer } from "@tests/support/fake-server";
import { showLive, soon } from "@tests/support/live";

import { Bell } from "./bell";

let server: FakeServer;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
});

afterEach(() => {
  vi.useRealTimers();
});

const news = () => screen.getByRole("status", { name: "New notifications" });
const later = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

async function showArrival(count = 1) {
  const live = await showLive(<Bell />, server);
  server.arrive(count);
  await live.deliver();
  await later(50);
  expect(news().textContent).not.toBe("");
  return live;
}

/** Have something come in while the inbox is open. */
async function showSpoken() {
  const live = await showLive(<Bell />, server);
  await soon(() => fireEvent.click(screen.getByRole("button", { name: "Notifications" })));
  server.arrive();
  await live.deliver();
  await later(50);
  return live;
}

test("what comes in is shown in a named live region, and said once", async () => {
  await showArrival();
  expect(news().getAttribute("aria-live")).toBe("polite");
  const link = within(news()).getByRole("link", { name: "Item 1" });
  expect(link.getAttribute("href")).toContain("id=1");
  const said = screen.getAllByRole("status").filter((region) => region.textContent !== "");
  expect(said).toEqual([news()]);
});

test("a toast goes by itself", async () => {
  await showArrival();
  await later(7_000);
  expect(within(news()).queryByText("Item 1")).not.toBeNull();
  await later(2_000);
  expect(within(news()).queryByText("Item 1")).toBeNull();
});

test("a toast does not go from under the focus", async () => {
  await showArrival();
  act(() => within(news()).getByRole("link").focus());
  await later(60_000);
  expect(within(news()).queryByText("Item 1")).not.toBeNull();
  act(() => within(news()).getByRole("link").blur());
  await later(9_000);
  expect(within(news()).queryByText("Item 1")).toBeNull();
});

test("dismissing a toast does not read it", async () => {
  await showArrival();
  fireEvent.click(screen.getByRole("button", { name: "Dismiss" }));
  expect(within(news()).queryByText("Item 1")).toBeNull();
  expect(screen.getByRole("button", { name: "Notifications, 1 unread" })).toBeDefined();
});

test("Escape dismisses a toast", async () => {
  await showArrival();
  fireEvent.keyDown(document.body, { key: "Escape" });
  expect(within(news()).queryByText("Item 1")).toBeNull();
});

test("F8 leads to the toasts", async () => {
  await showArrival();
  fireEvent.keyDown(document.body, { key: "F8", code: "F8" });
  expect(document.activeElement).toBe(news());
});

test("what is seen elsewhere is no news here", async () => {
  const live = await showArrival();
  server.change(1, "read");
  await live.deliver();
  expect(within(news()).queryByText("Item 1")).toBeNull();
});

test("many at once are one toast, which opens the inbox", async () => {
  await showArrival(5);
  const many = within(news()).getByRole("button", { name: "5 new notifications" });
  await soon(() => fireEvent.click(many));
  expect(screen.getByRole("dialog", { name: "Notifications" })).toBeDefined();
  expect(news().textContent).toBe("");
});

test("of what comes in one by one, three toasts stay", async () => {
  const live = await showArrival();
  for (let n = 0; n < 4; n += 1) {
    server.arrive();
    await live.deliver();
    await later(50);
  }
  const titles = within(news()).getAllByRole("link");
  expect(titles.map((title) => title.textContent)).toEqual(["Item 3", "Item 4", "Item 5"]);
});

test("while the inbox is open, what comes in is only spoken, and nothing in it takes the focus", async () => {
  await showSpoken();
  expect(within(news()).getByText("Item 1").className).toBe("sr-only");
  expect(within(news()).queryByRole("link", { hidden: true })).toBeNull();
  expect(within(news()).queryByRole("button", { hidden: true })).toBeNull();
});

test("what was spoken is not spoken again with what comes in later", async () => {
  const live = await showSpoken();
  await later(9_000);
  server.arrive();
  await live.deliver();
  await later(50);
  expect(news().textContent).toContain("Item 2");
  expect(news().textContent).not.toContain("Item 1");
});

test("what was spoken is not spoken again when the inbox is opened again", async () => {
  await showSpoken();
  fireEvent.click(screen.getByRole("button", { name: "Close" }));
  await later(9_000);
  await soon(() => fireEvent.click(screen.getByRole("button", { name: /^Notifications/ })));
  expect(news().textContent).toBe("");
});

test("Escape closes the inbox before a message that came after it, wherever the focus is", async () => {
  server.arrive();
  await showLive(<Bell />, server);
  await soon(() => fireEvent.click(screen.getByRole("button", { name: /^Notifications/ })));
  server.refusing = 500;
  await soon(() => fireEvent.click(screen.getByRole("button", { name: "Archive" })));
  await later(50);
  const message = within(screen.getByRole("status", { name: "Messages" }));
  expect(message.queryByText(/^That could not be saved\./)).not.toBeNull();
  fireEvent.keyDown(document.body, { key: "Escape" });
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(message.queryByText(/^That could not be saved\./)).not.toBeNull();
  await later(50);
  expect(document.activeElement).toBe(screen.getByRole("button", { name: /^Notifications/ }));
  fireEvent.keyDown(document.body, { key: "Escape" });
  expect(message.queryByText(/^That could not be saved\./)).toBeNull();
});
