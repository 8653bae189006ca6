import { afterEach, expect, test, vi } from "vitest";

import { api } from "./client";

afterEach(() => vi.unstubAllGlobals());

test.each([".", ".."])("an id that a browser would resolve, %j, is asked of nobody", async (id) => {
  const fetched = vi.fn();
  vi.stubGlobal("fetch", fetched);
  const call = api.GET("/api/posts/{id}/", { params: { path: { id } } });
  await expect(call).rejects.toMatchObject({ status: 404 });
  expect(fetched).not.toHaveBeenCalled();
});

test.each(["../me", "a/../../b", "%2e%2e"])("any other id, %j, is one segment", async (id) => {
  vi.stubGlobal("location", { href: "http://localhost/" });
  const fetched = vi.fn((asked: Request) => {
    expect(new URL(asked.url).pathname.split("/")).toHaveLength(5);
    return Promise.resolve(Response.json({}));
  });
  vi.stubGlobal("fetch", fetched);
  await api.GET("/api/posts/{id}/", { baseUrl: "http://localhost", params: { path: { id } } });
  expect(fetched).toHaveBeenCalledOnce();
});
