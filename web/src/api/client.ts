import createClient, { defaultPathSerializer } from "openapi-fetch";

import { ApiError } from "./errors";
import { request } from "./request";
import type { components, paths } from "./schema";

export type Post = components["schemas"]["Post"];
export type Comment = components["schemas"]["Comment"];
export type Me = components["schemas"]["Me"];
export type PostPage = components["schemas"]["PaginatedPostList"];
export type CommentPage = components["schemas"]["PaginatedCommentList"];

/** The API as its schema describes it. Each call rejects with an `ApiError` when it fails. */
export const api = createClient<paths>({ fetch: request, pathSerializer });

/** Ids come from the page's address, too: one that a browser would resolve names nothing. */
function pathSerializer(path: string, ids: Record<string, unknown>): string {
  if (Object.values(ids).some((id) => id === "." || id === "..")) throw new ApiError(404);
  return defaultPathSerializer(path, ids);
}

/** Take the answer of a call which, having succeeded, has one. */
export async function answer<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call;
  if (data === undefined) throw new TypeError("A successful answer was empty.");
  return data;
}

/** The cursor in the address of a neighbouring page, or null when there is none. */
export function cursorOf(address: string | null): string | null {
  return address === null ? null : new URL(address, "http://localhost").searchParams.get("cursor");
}
