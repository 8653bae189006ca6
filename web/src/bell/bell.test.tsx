import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { FakeServer } from "@tests/support/fake-server";
import { showLive, soon } from "@tests/support/live";

import { Bell } from "./bell";

async function showBell(unread: number) {
  const server = new FakeServer();
  if (unread > 0) server.arrive(unread);
  const live = await showLive(<Bell />, server);
  return { server, live };
}

test("a bell with nothing unread has no badge", async () => {
  await showBell(0);
  const bell = screen.getByRole("button", { name: "Notifications" });
  expect(bell.textContent).toBe("");
});

test.each([
  [1, "1"],
  [99, "99"],
  [100, "99+"],
  [250, "99+"],
])("a bell with %i unread says %s, to the eye and by name", async (unread, said) => {
  await showBell(unread);
  const bell = screen.getByRole("button", { name: `Notifications, ${said} unread` });
  expect(bell.textContent).toBe(said);
});

test("the badge goes when the last is read, wherever that was", async () => {
  const { server, live } = await showBell(1);
  server.change(1, "read");
  await live.deliver();
  expect(screen.getByRole("button", { name: "Notifications" }).textContent).toBe("");
});

test("a bell that hears nothing is crossed out, and rings again when it does", async () => {
  const { live } = await showBell(0);
  const crossed = () => screen.getByRole("button").querySelector(".lucide-bell-off");
  expect(crossed()).toBeNull();
  await live.become("offline");
  expect(crossed()).not.toBeNull();
  await live.become("live");
  expect(crossed()).toBeNull();
});

test("the bell opens the inbox and closes it", async () => {
  await showBell(1);
  const bell = screen.getByRole("button", { name: "Notifications, 1 unread" });
  await soon(() => fireEvent.click(bell));
  expect(screen.getByRole("dialog", { name: "Notifications" })).toBeDefined();
  fireEvent.click(screen.getByRole("button", { name: "Close" }));
  expect(screen.queryByRole("dialog")).toBeNull();
});
