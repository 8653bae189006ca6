"use client";

import type { Me } from "@/api/client";
import { Empty, Failure, Loading } from "@/ui/states";

import { isMissing, NoSuchPost } from "./post-view";
import { usePost } from "./queries";
import { WriteForm } from "./write-form";

/** Loads a post to be edited. */
export function EditPost({ me, id }: { me: Me; id: string }) {
  const query = usePost(id);
  const post = query.data;
  if (query.isPending) return <Loading rows={1} label="Loading the post" />;
  if (post === undefined) {
    if (isMissing(query.error)) return <NoSuchPost />;
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (!post.mine)
    return <Empty title="This post is another’s">Only its author may change it.</Empty>;
  return <WriteForm me={me} post={post} />;
}
