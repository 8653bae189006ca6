"use client";

import { Pencil } from "lucide-react";
import Link from "next/link";

import type { Me } from "@/api/client";
import { ApiError } from "@/api/errors";
import { PageTitle } from "@/bell/page-title";
import { Avatar } from "@/ui/avatar";
import { buttonStyle } from "@/ui/button";
import { Empty, Failure, Loading } from "@/ui/states";

import { Byline } from "./byline";
import { CommentForm } from "./comment-form";
import { CommentList } from "./comment-list";
import { comments } from "./post-list";
import { usePost } from "./queries";

type PostViewProps = { me: Me; id: string };

export function PostView({ me, id }: PostViewProps) {
  const query = usePost(id);
  const post = query.data;

  if (query.isPending) return <Loading rows={1} label="Loading the post" />;
  if (post === undefined) {
    return isMissing(query.error) ? (
      <NoSuchPost />
    ) : (
      <Failure error={query.error} onRetry={() => void query.refetch()} />
    );
  }
  return (
    <>
      <PageTitle>{post.title}</PageTitle>
      <article>
        <h1 className="text-[2rem] break-words sm:text-[2.6rem]">{post.title}</h1>
        <div className="mt-5 flex items-center gap-3">
          <Avatar person={post.author} />
          <Byline written={post} />
          {post.mine && (
            <Link
              href={`/write/?id=${post.id}`}
              className={buttonStyle("quiet", "ml-auto min-h-10 px-4 text-sm")}
            >
              <Pencil aria-hidden="true" className="size-4" />
              Edit
            </Link>
          )}
        </div>
        <p className="mt-7 text-[1.0625rem] leading-[1.75] break-words whitespace-pre-line">
          {post.text}
        </p>
      </article>
      <section aria-labelledby="comments" className="mt-12 border-t border-line pt-8">
        <h2 id="comments" className="text-xl">
          {comments(post.comment_count)}
        </h2>
        <CommentList post={post.id} />
        <div className="mt-6">
          <CommentForm me={me} post={post.id} />
        </div>
      </section>
    </>
  );
}

/** A made-up id is as good as a deleted one. */
export function isMissing(error: Error | null): boolean {
  return error instanceof ApiError && (error.status === 404 || error.status === 400);
}

export function NoSuchPost() {
  return (
    <>
      <PageTitle>Not found</PageTitle>
      <h1 className="sr-only">Not found</h1>
      <Empty title="This post is not here">
        It was deleted, or the link is not whole.{" "}
        <Link href="/" className="font-semibold text-brand underline underline-offset-4">
          Back to the feed
        </Link>
      </Empty>
    </>
  );
}
