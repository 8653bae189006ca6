import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";

import { FakeServer } from "@tests/support/fake-server";
import { showLive, soon } from "@tests/support/live";

import { Bell } from "./bell";

async function openInbox(server: FakeServer) {
  const live = await showLive(<Bell />, server);
  await soon(() => fireEvent.click(screen.getByRole("button", { name: /^Notifications/ })));
  return live;
}

function serverWith(count: number): FakeServer {
  const server = new FakeServer();
  for (let n = 0; n < count; n += 1) server.arrive();
  return server;
}

function openTab(name: RegExp): void {
  fireEvent.mouseDown(screen.getByRole("tab", { name }), { button: 0 });
}

test("a row says what there is, that it is unread, and leads to it", async () => {
  await openInbox(serverWith(1));
  const row = screen.getByRole("listitem");
  expect(within(row).getByText("Unread:", { exact: false })).toBeDefined();
  expect(within(row).getByRole("link", { name: "Item 1" }).getAttribute("href")).toContain("id=1");
  expect(row.querySelector("time")?.getAttribute("datetime")).toMatch(/^2030-01-01T/);
});

test("following a row reads it and closes the inbox", async () => {
  const server = serverWith(1);
  await openInbox(server);
  const link = screen.getByRole("link", { name: "Item 1" });
  link.addEventListener("click", (event) => event.preventDefault()); // there is no router here
  fireEvent.click(link);
  expect(screen.queryByRole("dialog")).toBeNull();
  await waitFor(() => expect(server.items.get(1)?.read_at).not.toBeNull());
});

test("a row that leads off this site is no link", async () => {
  const server = serverWith(1);
  const item = server.items.get(1);
  if (item !== undefined) server.items.set(1, { ...item, url: "https://elsewhere.example/" });
  await openInbox(server);
  expect(screen.getByText("Item 1")).toBeDefined();
  expect(screen.queryByRole("link")).toBeNull();
});

test("a row's tools say what they do to which, and do it at once", async () => {
  await openInbox(serverWith(1));
  const row = screen.getByRole("listitem");
  fireEvent.click(within(row).getByRole("button", { name: "Mark read" }));
  expect(within(row).getByRole("button", { name: "Mark unread" })).toBeDefined();
  fireEvent.click(within(row).getByRole("button", { name: "Archive" }));
  await waitFor(() => expect(screen.queryByRole("listitem")).toBeNull());
});

test("what the server refuses is undone, and told", async () => {
  const server = serverWith(1);
  await openInbox(server);
  await waitFor(() => expect(server.items.get(1)?.seen_at).not.toBeNull());
  server.refusing = 500;
  fireEvent.click(screen.getByRole("button", { name: "Archive" }));
  expect(await screen.findByText(/^That could not be saved\./)).toBeDefined();
  expect(screen.getByRole("listitem")).toBeDefined();
});

test.each([
  [/^All/, "All quiet"],
  [/^Unread/, "Nothing unread"],
  [/^Archived/, "Nothing put away"],
])("an empty list, %s, says so", async (tab, words) => {
  await openInbox(new FakeServer());
  openTab(tab);
  expect(await screen.findByText(words)).toBeDefined();
  expect(screen.queryByRole("listitem")).toBeNull();
});

test("a list that cannot be loaded says so, and loads when it is asked to again", async () => {
  const server = serverWith(1);
  await openInbox(server);
  server.refusing = 500;
  openTab(/^Archived/);
  expect(await screen.findByText("More could not be loaded.")).toBeDefined();
  expect(screen.queryByText("Nothing put away")).toBeNull();
  server.refusing = null;
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("Nothing put away")).toBeDefined();
});
