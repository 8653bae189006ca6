import { afterEach, describe, expect, test, vi } from "vitest";

import { ApiError } from "./errors";
import { fieldErrors, request } from "./request";

test.each([
  ["a field of DRF's", { title: ["Too long."] }, { title: ["Too long."] }],
  ["several messages", { title: ["One.", "Two."] }, { title: ["One.", "Two."] }],
  ["DRF's detail", { detail: "Not yours." }, { "": ["Not yours."] }],
  ["DRF's errors of no field", { non_field_errors: ["No."] }, { "": ["No."] }],
  [
    "allauth's",
    { status: 400, errors: [{ message: "Taken.", code: "taken", param: "email" }] },
    { email: ["Taken."] },
  ],
  ["allauth's of no field", { errors: [{ message: "No.", code: "no" }] }, { "": ["No."] }],
  ["a page of HTML", null, {}],
  ["what no server of ours says", { errors: [1, null, {}], nested: { a: 1 } }, {}],
])("field errors are read from %s", (_, body, fields) => {
  expect(fieldErrors(body)).toEqual(fields);
});

test.each([
  [0, /cannot be reached/],
  [401, /Sign in again/],
  [429, /Wait/],
  [500, /Try again/],
])("status %i says what to do", (status, words) => {
  expect(new ApiError(status).message).toMatch(words);
});

describe("the CSRF token", () => {
  const SERVER = "http://localhost";

  afterEach(() => vi.unstubAllGlobals());

  /** A browser, and a server whose answers to GET set the cookie. Returns what reached it. */
  function serverThatSetsTheCookie(page: { cookie: string }): [string, string | null][] {
    const reached: [string, string | null][] = [];
    vi.stubGlobal("document", page);
    vi.stubGlobal("fetch", (input: string | Request) => {
      const asked = typeof input === "string" ? new Request(SERVER + input) : input;
      reached.push([asked.method, asked.headers.get("X-CSRFToken")]);
      if (asked.method === "GET") page.cookie = "theme=dark; csrftoken=fresh";
      const status = asked.method === "GET" ? 401 : 204;
      return Promise.resolve(new Response(null, { status }));
    });
    return reached;
  }

  test("is fetched before the first call that needs it, and then kept", async () => {
    const reached = serverThatSetsTheCookie({ cookie: "theme=dark" });
    await request(new Request(`${SERVER}/api/`, { method: "POST" }));
    await request(new Request(`${SERVER}/api/`, { method: "DELETE" }));
    expect(reached).toEqual([
      ["GET", null],
      ["POST", "fresh"],
      ["DELETE", "fresh"],
    ]);
  });

  test("is the cookie's where there is one", async () => {
    const reached = serverThatSetsTheCookie({ cookie: "csrftoken=given" });
    await request(new Request(`${SERVER}/api/`, { method: "POST" }));
    expect(reached).toEqual([["POST", "given"]]);
  });

  test("that cannot be fetched is a server that cannot be reached", async () => {
    vi.stubGlobal("document", { cookie: "" });
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    const call = request(new Request(`${SERVER}/api/`, { method: "POST" }));
    await expect(call).rejects.toMatchObject({ status: 0 });
  });
});
