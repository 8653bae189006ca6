"use client";

import { MessageCircle } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";

import type { Post } from "@/api/client";
import { Avatar } from "@/ui/avatar";
import { LoadMore } from "@/ui/load-more";
import { Failure, Loading } from "@/ui/states";

import { Byline } from "./byline";
import { usePosts, type Shelf } from "./queries";

type PostListProps = { shelf: Shelf; empty: ReactNode };

/** Posts, newest first, without an end in sight. */
export function PostList({ shelf, empty }: PostListProps) {
  const posts = usePosts(shelf);
  if (posts.isPending) return <Loading label="Loading posts" />;
  if (posts.isError && posts.data === undefined) {
    return <Failure error={posts.error} onRetry={() => void posts.refetch()} />;
  }
  const all = posts.data.pages.flatMap((page) => page.results);
  if (all.length === 0) return empty;
  return (
    <>
      <ol className="divide-y divide-line">
        {all.map((post) => (
          <li key={post.id}>
            <Teaser post={post} />
          </li>
        ))}
      </ol>
      {posts.hasNextPage ? (
        <LoadMore
          busy={posts.isFetchingNextPage}
          failed={posts.isFetchNextPageError}
          onMore={() => void posts.fetchNextPage()}
        />
      ) : (
        <p className="py-10 text-center text-sm text-muted">That is all there is.</p>
      )}
    </>
  );
}

function Teaser({ post }: { post: Post }) {
  const href = `/post/?id=${post.id}`;
  return (
    <article className="group relative flex gap-4 py-7">
      <Avatar person={post.author} />
      <div className="min-w-0 flex-1">
        <Byline written={post} />
        <h2 className="mt-1 text-[1.4rem] break-words">
          {/* The whole teaser is the link's; its name is the title alone. */}
          <Link
            href={href}
            className="decoration-signal decoration-2 underline-offset-4 group-hover:underline after:absolute after:inset-0 after:-mx-3 after:rounded-2xl focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-brand"
          >
            {post.title}
          </Link>
        </h2>
        <p className="mt-2 line-clamp-3 break-words text-muted">{post.text}</p>
        <p className="mt-3 flex items-center gap-1.5 text-sm text-muted">
          <MessageCircle aria-hidden="true" className="size-4" />
          {comments(post.comment_count)}
        </p>
      </div>
    </article>
  );
}

export function comments(count: number): string {
  if (count === 0) return "No comments yet";
  return count === 1 ? "1 comment" : `${count.toLocaleString("en")} comments`;
}
