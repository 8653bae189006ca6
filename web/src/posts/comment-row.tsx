"use client";

import clsx from "clsx";
import { useState } from "react";

import type { Comment } from "@/api/client";
import { LIMITS } from "@/lib/limits";
import { Avatar } from "@/ui/avatar";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { TextArea } from "@/ui/field";
import { errorsOf, FormError, useErrorFocus } from "@/ui/form";

import { Byline } from "./byline";
import { useDeleteComment, useEditComment } from "./queries";

type CommentRowProps = { post: string; comment: Comment; highlighted: boolean };

export function CommentRow({ post, comment, highlighted }: CommentRowProps) {
  const [editing, setEditing] = useState(false);
  return (
    <li
      id={`comment-${comment.id}`}
      tabIndex={-1}
      aria-current={highlighted || undefined}
      className="scroll-mt-28 py-1.5 outline-none"
    >
      <div
        className={clsx(
          "-mx-4 flex gap-4 rounded-2xl px-4 py-4",
          highlighted && "animate-glow bg-signal-soft",
        )}
      >
        <Avatar person={comment.author} className="size-9 text-sm" />
        <div className="min-w-0 flex-1">
          <Byline written={comment} />
          {editing ? (
            <EditComment post={post} comment={comment} onDone={() => setEditing(false)} />
          ) : (
            <p className="mt-1 break-words whitespace-pre-line">{comment.text}</p>
          )}
          {comment.mine && !editing && (
            <div className="mt-1 -ml-3 flex">
              <Button look="plain" className={SMALL} onClick={() => setEditing(true)}>
                Edit
              </Button>
              <DeleteComment post={post} comment={comment} />
            </div>
          )}
        </div>
      </div>
    </li>
  );
}

const SMALL = "min-h-9 px-3 text-sm";

type OwnProps = { post: string; comment: Comment };

function EditComment({ post, comment, onDone }: OwnProps & { onDone: () => void }) {
  const [text, setText] = useState(comment.text);
  const edit = useEditComment(post, comment.id);
  const form = useErrorFocus(edit.error);

  function submit(event: React.SubmitEvent) {
    event.preventDefault();
    if (!edit.isPending) edit.mutate(text, { onSuccess: onDone });
  }

  return (
    <form ref={form} onSubmit={submit} noValidate className="mt-2 grid gap-3">
      <FormError error={edit.error} fields={["text"]} />
      <TextArea
        label="Edit your comment"
        value={text}
        onChange={(event) => setText(event.target.value)}
        errors={errorsOf(edit.error).text}
        limit={LIMITS.comment}
        autoFocus
      />
      <div className="flex gap-2">
        <Button type="submit" busy={edit.isPending}>
          Save
        </Button>
        <Button look="plain" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

function DeleteComment({ post, comment }: OwnProps) {
  const remove = useDeleteComment(post, comment.id);
  return (
    <Confirm
      trigger={
        <Button look="plain" className={SMALL}>
          Delete
        </Button>
      }
      title="Delete this comment?"
      verb="Delete"
      onConfirm={() => remove.mutateAsync()}
    >
      It goes for everyone and cannot be brought back.
    </Confirm>
  );
}
