import { expect, test } from "vitest";

import { FakeServer } from "@tests/support/fake-server";

import { parsePush } from "./push";

const server = new FakeServer();
server.arrive();
const [push] = server.pushes;

test("a push survives its way through JSON", () => {
  expect(parsePush(JSON.parse(JSON.stringify(push)))).toEqual(push);
});

test("an item cut down to its number is left out, and the push no longer claims to be whole", () => {
  const cut = { ...push, items: [{ id: 1, modseq: 1 }] };
  expect(parsePush(cut)).toEqual({ ...push, since: push?.modseq, items: [] });
});

test.each([
  ["nothing", undefined],
  ["null", null],
  ["a text", "push"],
  ["no modseq", { ...push, modseq: undefined }],
  ["a modseq that is text", { ...push, modseq: "1" }],
  ["a modseq below zero", { ...push, modseq: -1 }],
  ["a modseq that is not whole", { ...push, modseq: 1.5 }],
  ["no since", { ...push, since: undefined }],
  ["no counts", { ...push, counts: null }],
  ["counts of text", { ...push, counts: { unread: "1", unseen: 0 } }],
  ["items that are no list", { ...push, items: { length: 1 } }],
])("%s is not a push", (_, data) => {
  expect(parsePush(data)).toBeNull();
});

test.each([
  ["a title that is no text", { title: 1 }],
  ["an actor without a name", { actor: { id: "1" } }],
  ["a time that is a number", { read_at: 0 }],
])("an item with %s is left out", (_, wrong) => {
  const items = push?.items.map((item) => ({ ...item, ...wrong }));
  expect(parsePush({ ...push, items })?.items).toEqual([]);
});
