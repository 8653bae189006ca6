import fc from "fast-check";
import { expect, test } from "vitest";

import { onThisSite } from "./safe-url";

test.each(["/", "/post/?id=1#comment-2", "/write/", "/post//1/", "/a?next=//b#/c//d", "/%252e//x"])(
  "%s is on this site",
  (address) => {
    expect(onThisSite(address, "/home/")).toBe(address);
  },
);

test.each([
  "https://elsewhere.example/",
  "//elsewhere.example/",
  "/\\elsewhere.example/",
  "/\t/elsewhere.example/",
  "/.//elsewhere.example/x",
  "/..//elsewhere.example/x",
  "/post/..//elsewhere.example/x",
  "/%2e//elsewhere.example/x",
  "/%2E%2e//elsewhere.example/x",
  "/a/../.\\/elsewhere.example/x",
  "/.\n/\\elsewhere.example/x",
  "//somebody@nowhere.invalid/",
  "//nowhere.invalid:1/",
  "//[",
  "javascript:alert(1)",
  "data:text/html,hello",
  "",
  null,
])("%j is not", (address) => {
  expect(onThisSite(address, "/home/")).toBe("/home/");
});

const PIECES = [
  "/",
  "\\",
  ".",
  "..",
  "%2e",
  "%2F",
  "%5c",
  "\t",
  "\n",
  " ",
  "@",
  ":",
  "?",
  "#",
  "a",
];

const address = fc.oneof(
  fc.array(fc.constantFrom(...PIECES, "evil.example", "http"), { maxLength: 12 }),
  fc.array(fc.string({ unit: "binary" })),
);

test("whatever the address, what is followed stays on this site, and is what was judged", () => {
  fc.assert(
    fc.property(address, (pieces) => {
      const followed = onThisSite(`/${pieces.join("")}`, "/home/");
      for (const site of ["https://ours.example", "http://localhost:8000"]) {
        expect(new URL(followed, `${site}/signin/?next=x`).origin).toBe(site);
      }
      expect(onThisSite(followed, "/elsewhere/")).toBe(followed);
    }),
    { numRuns: 2_000 },
  );
});
