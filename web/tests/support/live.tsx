import { act, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { onTestFinished, vi } from "vitest";

import { InboxContext } from "@/bell/inbox-context";
import { Inbox } from "@/inbox/inbox";
import type { Listener, Status } from "@/inbox/types";
import { Announcements } from "@/ui/announcements";

import type { FakeServer } from "./fake-server";

/** What a test does to a part of the page that is shown over a live inbox. */
export type Live = {
  inbox: Inbox;
  /** Have every change that the server made so far come in, each as a push of its own. */
  deliver: () => Promise<void>;
  /** Have the connection become so. */
  become: (status: Status) => Promise<void>;
};

/** Show `part` over an inbox that has loaded from `server` and listens to it. */
export async function showLive(part: ReactNode, server: FakeServer): Promise<Live> {
  const { inbox, line } = open(server);
  await vi.waitUntil(() => inbox.snapshot().lists.all.loaded);
  server.pushes.length = 0;
  render(
    <Announcements>
      <InboxContext value={inbox}>{part}</InboxContext>
    </Announcements>,
  );
  return {
    inbox,
    deliver: () => soon(() => server.pushes.splice(0).forEach((push) => line.push(push))),
    become: (status) => soon(() => line.status(status)),
  };
}

/** Do something, and wait for what React and the server make of it at once. */
export function soon(happen: () => void): Promise<void> {
  return act(() => {
    happen();
    return Promise.resolve();
  });
}

function open(server: FakeServer): { inbox: Inbox; line: Listener } {
  const lines: Listener[] = [];
  const inbox = new Inbox({
    api: server,
    realtime: (listener) => {
      lines.push(listener);
      listener.status("live");
      return { close: () => undefined, probe: () => undefined };
    },
  });
  inbox.start();
  onTestFinished(() => inbox.stop());
  const [line] = lines;
  if (line === undefined) throw new Error("the inbox does not listen");
  return { inbox, line };
}
