"use client";

import { useEffect } from "react";

import { Failure, Loading } from "@/ui/states";
import { LoadMore } from "@/ui/load-more";

import { CommentRow } from "./comment-row";
import { useComments } from "./queries";
import { useHash } from "./use-hash";

/** How many pages to look through for the comment that a link names. */
const SEARCH_PAGES = 50;

export function CommentList({ post }: { post: string }) {
  const query = useComments(post);
  const wanted = useHash();
  const pages = query.data?.pages ?? [];
  const comments = pages.flatMap((page) => page.results);
  const found = comments.some(({ id }) => `comment-${id}` === wanted);
  const searching =
    wanted.startsWith("comment-") && !found && query.hasNextPage && pages.length < SEARCH_PAGES;
  const { fetchNextPage, isFetching } = query;

  useEffect(() => {
    if (searching && !isFetching) void fetchNextPage();
  }, [searching, isFetching, fetchNextPage]);

  useEffect(() => {
    if (!found) return;
    const row = document.getElementById(wanted);
    row?.scrollIntoView({ block: "center" });
    row?.focus({ preventScroll: true });
  }, [found, wanted]);

  if (query.isPending) return <Loading label="Loading comments" />;
  if (query.data === undefined) {
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  }
  const missing = wanted.startsWith("comment-") && !found && !searching && !isFetching;
  return (
    <>
      {missing && (
        <p role="alert" className="mt-4 rounded-xl bg-sunken px-4 py-3 text-sm text-muted">
          The comment you came for is not here any more.
        </p>
      )}
      {comments.length === 0 && (
        <p className="py-8 text-muted">Nobody has said anything yet. Be the first.</p>
      )}
      <ol className="divide-y divide-line">
        {comments.map((comment) => (
          <CommentRow
            key={comment.id}
            post={post}
            comment={comment}
            highlighted={`comment-${comment.id}` === wanted}
          />
        ))}
      </ol>
      {query.hasNextPage && (
        <LoadMore
          busy={query.isFetchingNextPage}
          failed={query.isFetchNextPageError}
          onMore={() => void fetchNextPage()}
        />
      )}
    </>
  );
}
