"use client";

import type { Me } from "@/api/client";
import { LIMITS } from "@/lib/limits";
import { useDraft } from "@/lib/use-draft";
import { Avatar } from "@/ui/avatar";
import { Button } from "@/ui/button";
import { TextArea } from "@/ui/field";
import { errorsOf, FormError, useErrorFocus } from "@/ui/form";

import { useAddComment } from "./queries";

type CommentFormProps = { me: Me; post: string };

export function CommentForm({ me, post }: CommentFormProps) {
  const [draft, change, discard] = useDraft(`${me.id}:comment:${post}`, { text: "" });
  const add = useAddComment(post);
  const form = useErrorFocus(add.error);

  function submit(event: React.SubmitEvent) {
    event.preventDefault();
    if (!add.isPending) add.mutate(draft.text, { onSuccess: discard });
  }

  return (
    <form ref={form} onSubmit={submit} noValidate className="flex gap-4">
      <Avatar person={me} className="mt-7 size-10 text-base max-sm:hidden" />
      <div className="grid min-w-0 flex-1 gap-3">
        <FormError error={add.error} fields={["text"]} />
        <TextArea
          label="Comment"
          value={draft.text}
          onChange={(event) => change({ text: event.target.value })}
          errors={errorsOf(add.error).text}
          limit={LIMITS.comment}
          placeholder="What do you say?"
        />
        <div>
          <Button type="submit" busy={add.isPending}>
            Comment
          </Button>
        </div>
      </div>
    </form>
  );
}
