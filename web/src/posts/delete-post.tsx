"use client";

import { useRouter } from "next/navigation";

import type { Post } from "@/api/client";
import { useAnnounce } from "@/ui/announcements";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";

import { useDeletePost } from "./queries";

export function DeletePost({ post }: { post: Post }) {
  const router = useRouter();
  const announce = useAnnounce();
  const remove = useDeletePost(post.id);

  async function confirmed() {
    await remove.mutateAsync();
    announce("Deleted.");
    router.push("/mine/");
  }

  return (
    <Confirm
      trigger={
        <Button look="plain" className="text-danger hover:text-danger">
          Delete
        </Button>
      }
      title="Delete this post?"
      verb="Delete"
      onConfirm={confirmed}
    >
      It goes together with its comments, for everyone, and cannot be brought back.
    </Confirm>
  );
}
