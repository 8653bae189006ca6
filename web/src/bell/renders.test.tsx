import { screen } from "@testing-library/react";
import { Profiler } from "react";
import { expect, test } from "vitest";

import { FakeServer } from "@tests/support/fake-server";
import { showLive } from "@tests/support/live";

import { Bell } from "./bell";
import { ConnectionBar } from "./connection-bar";
import { PageTitle } from "./page-title";

const PUSHES = 100;

async function showCounted() {
  const server = new FakeServer();
  server.arrive(3);
  let renders = 0;
  const live = await showLive(
    <Profiler id="bell" onRender={() => (renders += 1)}>
      <Bell />
      <ConnectionBar />
      <PageTitle>Feed</PageTitle>
    </Profiler>,
    server,
  );
  renders = 0;
  return { server, live, renders: () => renders };
}

test("pushes that do not change the count render no part of the bell", async () => {
  const { server, live, renders } = await showCounted();
  for (let n = 1; n <= PUSHES; n += 1) {
    server.amend((n % 3) + 1, { title: `Amended ${n}` });
    await live.deliver();
  }
  expect(live.inbox.snapshot().lists.all.items[0]?.title).toBe("Amended 98"); // they did come in
  expect(renders()).toBe(0);
});

test("a push that changes the count renders the bell anew", async () => {
  const { server, live, renders } = await showCounted();
  server.change(2, "read");
  await live.deliver();
  expect(screen.getByRole("button", { name: "Notifications, 2 unread" })).toBeDefined();
  expect(renders()).toBeGreaterThan(0);
});

test("a push that was heard already renders nothing", async () => {
  const { server, live, renders } = await showCounted();
  server.change(2, "read");
  const push = server.pushes.at(-1);
  await live.deliver();
  const before = renders();
  const seen = live.inbox.snapshot();
  if (push !== undefined) server.pushes.push(push);
  await live.deliver();
  expect(renders()).toBe(before);
  expect(live.inbox.snapshot()).toBe(seen);
});
