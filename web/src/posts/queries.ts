import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type InfiniteData,
  type QueryClient,
} from "@tanstack/react-query";

import { answer, api, cursorOf, type Comment, type CommentPage, type PostPage } from "@/api/client";
import { useArrivals } from "@/bell/inbox-context";

export type Shelf = "all" | "mine";

const KEYS = {
  posts: ["posts"] as const,
  shelf: (shelf: Shelf) => ["posts", "list", shelf] as const,
  post: (id: string) => ["posts", "one", id] as const,
  comments: (post: string) => ["posts", "comments", post] as const,
};

const byId = (id: string) => ({ params: { path: { id } } });

/** Posts, newest first, page by page. */
export function usePosts(shelf: Shelf) {
  return useInfiniteQuery({
    queryKey: KEYS.shelf(shelf),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam: cursor }) =>
      answer(
        api.GET("/api/posts/", {
          params: {
            query: {
              ...(shelf === "mine" ? { author: "me" as const } : {}),
              ...(cursor === null ? {} : { cursor }),
            },
          },
        }),
      ),
    getNextPageParam: (page: PostPage) => cursorOf(page.next),
  });
}

export function usePost(id: string) {
  return useQuery({
    queryKey: KEYS.post(id),
    queryFn: () => answer(api.GET("/api/posts/{id}/", byId(id))),
  });
}

/** The comments under a post, oldest first, page by page. */
export function useComments(post: string) {
  return useInfiniteQuery({
    queryKey: KEYS.comments(post),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam: cursor }) =>
      answer(
        api.GET("/api/posts/{id}/comments/", {
          params: { path: { id: post }, query: cursor === null ? {} : { cursor } },
        }),
      ),
    getNextPageParam: (page: CommentPage) => cursorOf(page.next),
  });
}

/** Publish a post, or save the one with this id. */
export function useSavePost(id: string | null) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { title: string; text: string }) =>
      answer(
        id === null
          ? api.POST("/api/posts/", { body })
          : api.PATCH("/api/posts/{id}/", { ...byId(id), body }),
      ),
    onSuccess: (post) => {
      client.setQueryData(KEYS.post(post.id), post);
      // Not awaited: it is saved, and whoever reloads now must not find its draft still there.
      void client.invalidateQueries({ queryKey: KEYS.posts });
    },
  });
}

export function useDeletePost(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.DELETE("/api/posts/{id}/", byId(id)),
    onSuccess: async () => {
      client.removeQueries({ queryKey: KEYS.post(id) });
      await client.invalidateQueries({ queryKey: [...KEYS.posts, "list"] });
    },
  });
}

export function useAddComment(post: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (text: string) =>
      answer(api.POST("/api/posts/{id}/comments/", { ...byId(post), body: { text } })),
    onSuccess: (comment) => {
      append(client, post, comment);
      void refresh(client, post); // not awaited, for the sake of the draft, as above
    },
  });
}

export function useEditComment(post: string, id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (text: string) =>
      answer(api.PATCH("/api/comments/{id}/", { ...byId(id), body: { text } })),
    onSuccess: () => refresh(client, post),
  });
}

export function useDeleteComment(post: string, id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.DELETE("/api/comments/{id}/", byId(id)),
    onSuccess: () => refresh(client, post),
  });
}

/** Load again what is on the screen of one post, and the lists that count its comments. */
export function refresh(client: QueryClient, post: string): Promise<unknown> {
  return Promise.all([
    client.invalidateQueries({ queryKey: KEYS.comments(post) }),
    client.invalidateQueries({ queryKey: KEYS.post(post) }),
    client.invalidateQueries({ queryKey: [...KEYS.posts, "list"], refetchType: "none" }),
  ]);
}

/** Show a comment of one's own at the end, however much of the thread is loaded. */
function append(client: QueryClient, post: string, comment: Comment): void {
  client.setQueryData<InfiniteData<CommentPage>>(KEYS.comments(post), (data) => {
    const last = data?.pages.at(-1);
    if (data === undefined || last?.next !== null) return data;
    const grown = { ...last, results: [...last.results, comment] };
    return { ...data, pages: [...data.pages.slice(0, -1), grown] };
  });
}

/** Load again what is on the screen when something comes in: somebody has said something. */
export function useFreshPosts(): void {
  const client = useQueryClient();
  useArrivals(() => {
    void client.invalidateQueries({ queryKey: [...KEYS.posts, "comments"] });
    void client.invalidateQueries({ queryKey: [...KEYS.posts, "one"] });
    void client.invalidateQueries({ queryKey: [...KEYS.posts, "list"], refetchType: "none" });
  });
}
