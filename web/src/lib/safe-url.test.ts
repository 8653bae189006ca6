import { expect, test } from "vitest";

import { onThisSite } from "./safe-url";

test.each(["/", "/post/?id=1#comment-2", "/write/"])("%s is on this site", (address) => {
  expect(onThisSite(address, "/home/")).toBe(address);
});

test.each([
  "https://elsewhere.example/",
  "//elsewhere.example/",
  "/\\elsewhere.example/",
  "/\t/elsewhere.example/",
  "javascript:alert(1)",
  "data:text/html,hello",
  "",
  null,
])("%j is not", (address) => {
  expect(onThisSite(address, "/home/")).toBe("/home/");
});
