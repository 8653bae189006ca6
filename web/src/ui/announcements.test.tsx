import { act, fireEvent, render, screen } from "@testing-library/react";
import { useEffect } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Menu } from "@/shell/menu";

import { Announcements, useAnnounce } from "./announcements";
import { Confirm } from "./confirm";

let announce: (message: string) => void;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function Page() {
  const say = useAnnounce();
  useEffect(() => {
    announce = say;
  }, [say]);
  return (
    <>
      <Confirm
        trigger={<button>Delete</button>}
        title="Delete this?"
        verb="Delete"
        onConfirm={() => Promise.resolve()}
      >
        It goes for good.
      </Confirm>
      <Menu trigger={<button>More</button>}>Nothing more</Menu>
    </>
  );
}

function show(): void {
  render(
    <Announcements>
      <Page />
    </Announcements>,
  );
}

const messages = () => screen.getByRole("status", { name: "Messages", hidden: true });
const later = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
const say = (message: string) => act(() => announce(message));
const escape = () => fireEvent.keyDown(document.body, { key: "Escape" });

test("a message is shown in a named live region, and goes by itself", async () => {
  show();
  expect(messages().getAttribute("aria-live")).toBe("polite");
  expect(messages().textContent).toBe("");
  say("Saved.");
  expect(messages().textContent).toBe("Saved.");
  await later(4_500);
  expect(messages().textContent).toBe("Saved.");
  await later(1_000);
  expect(messages().textContent).toBe("");
});

test("of two messages the later is shown, for all of its time", async () => {
  show();
  say("Saved.");
  await later(4_000);
  say("Deleted.");
  await later(4_000);
  expect(messages().textContent).toBe("Deleted.");
  await later(2_000);
  expect(messages().textContent).toBe("");
});

test("the same words said again are news again", async () => {
  show();
  say("Saved.");
  const first = messages().firstChild;
  await later(4_000);
  say("Saved.");
  expect(messages().textContent).toBe("Saved.");
  expect(messages().firstChild).not.toBe(first);
  await later(4_000);
  expect(messages().textContent).toBe("Saved.");
});

test("a message says itself once", async () => {
  show();
  say("Saved.");
  await later(200);
  expect(screen.getAllByText("Saved.")).toHaveLength(1);
  expect(document.body.textContent.split("Saved.")).toHaveLength(2);
});

test("Escape takes a message away", () => {
  show();
  say("Saved.");
  escape();
  expect(messages().textContent).toBe("");
});

test("Escape closes a question before a message that came after it", async () => {
  show();
  fireEvent.click(screen.getByRole("button", { name: "Delete" }));
  await later(50);
  expect(screen.queryByRole("alertdialog")).not.toBeNull();
  say("Saved.");
  escape();
  expect(screen.queryByRole("alertdialog")).toBeNull();
  expect(messages().textContent).toBe("Saved.");
});

test("Escape closes a menu before a message that came after it", async () => {
  show();
  fireEvent.keyDown(screen.getByRole("button", { name: "More" }), { key: "Enter" });
  await later(50);
  expect(screen.queryByRole("menu")).not.toBeNull();
  say("Saved.");
  escape();
  expect(screen.queryByRole("menu")).toBeNull();
  expect(messages().textContent).toBe("Saved.");
});
