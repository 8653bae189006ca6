"use client";

import { useRouter } from "next/navigation";

import type { Me, Post } from "@/api/client";
import { LIMITS } from "@/lib/limits";
import { useDraft } from "@/lib/use-draft";
import { useAnnounce } from "@/ui/announcements";
import { Button } from "@/ui/button";
import { Input, TextArea } from "@/ui/field";
import { errorsOf, FormError, useErrorFocus } from "@/ui/form";

import { DeletePost } from "./delete-post";
import { useSavePost } from "./queries";

type WriteFormProps = { me: Me; post: Post | null };

/** Writes a new post, or edits one. */
export function WriteForm({ me, post }: WriteFormProps) {
  const router = useRouter();
  const announce = useAnnounce();
  const written = { title: post?.title ?? "", text: post?.text ?? "" };
  const [draft, change, discard] = useDraft(`${me.id}:post:${post?.id ?? "new"}`, written);
  const save = useSavePost(post?.id ?? null);
  const form = useErrorFocus(save.error);
  const errors = errorsOf(save.error);
  const changed = draft.title !== written.title || draft.text !== written.text;

  async function submit(event: React.SubmitEvent) {
    event.preventDefault();
    const saved = await save.mutateAsync(draft).catch(() => null); // shown by the form
    if (saved === null) return;
    discard();
    announce(post === null ? "Published." : "Saved.");
    router.push(`/post/?id=${saved.id}`);
  }

  return (
    <form ref={form} onSubmit={submit} noValidate className="grid gap-6">
      <FormError error={save.error} fields={["title", "text"]} />
      <Input
        label="Title"
        value={draft.title}
        onChange={(event) => change({ title: event.target.value })}
        errors={errors.title}
        limit={LIMITS.title}
        autoComplete="off"
        className="font-display text-lg font-semibold"
      />
      <TextArea
        label="Text"
        value={draft.text}
        onChange={(event) => change({ text: event.target.value })}
        errors={errors.text}
        limit={LIMITS.text}
        className="min-h-72"
      />
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" busy={save.isPending}>
          {post === null ? "Publish" : "Save"}
        </Button>
        {changed && (
          <Button look="plain" onClick={discard}>
            {post === null ? "Discard draft" : "Discard changes"}
          </Button>
        )}
        {post !== null && (
          <div className="ml-auto">
            <DeletePost post={post} />
          </div>
        )}
      </div>
    </form>
  );
}
