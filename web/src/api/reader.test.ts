import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { belongTo } from "./reader";
import { request } from "./request";

const URL = "http://localhost/api/";

let asked: Request[];
let reloads: number;
let kept: Record<string, string>;

/** A page of Bo's; the server answers in the session of `whose`. */
function pageOfBo(whose: string | null): void {
  const headers = new Headers(whose === null ? {} : { "Hark-User": encodeURIComponent(whose) });
  vi.stubGlobal("fetch", (input: Request) => {
    asked.push(input);
    return Promise.resolve(Response.json({ secret: "Ana's" }, { headers }));
  });
  belongTo("bo|1 ü");
}

beforeEach(() => {
  asked = [];
  reloads = 0;
  kept = { "hark:draft:bo|1 ü:post:new": "{}", "hark:draft:ana:post:new": "{}" };
  vi.stubGlobal("location", { reload: () => (reloads += 1) });
  vi.stubGlobal("localStorage", {
    ...kept,
    removeItem: (key: string) => Reflect.deleteProperty(kept, key),
  });
});

afterEach(() => {
  belongTo(null);
  vi.unstubAllGlobals();
});

test("a request says for whom it is, and an answer for them is taken", async () => {
  pageOfBo("bo|1 ü");
  expect((await request(new Request(URL))).ok).toBe(true);
  expect(decodeURIComponent(asked[0]?.headers.get("Hark-User") ?? "")).toBe("bo|1 ü");
  expect(reloads).toBe(0);
});

test("an answer for another is told to nobody, and the page begins again", async () => {
  pageOfBo("ana");
  await expect(request(new Request(URL))).rejects.toMatchObject({ status: 412 });
  expect(reloads).toBe(1);
  expect(Object.keys(kept)).toEqual(["hark:draft:ana:post:new"]);
});

test("an answer that is nobody's is taken", async () => {
  pageOfBo(null);
  expect((await request(new Request(URL))).ok).toBe(true);
});

test("a page that is nobody's takes the answer of whoever signs in", async () => {
  pageOfBo("ana");
  belongTo(null);
  expect((await request(new Request(URL))).ok).toBe(true);
  expect(asked[0]?.headers.has("Hark-User")).toBe(false);
});
