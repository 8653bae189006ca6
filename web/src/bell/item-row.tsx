"use client";

import clsx from "clsx";
import { Archive, ArchiveRestore, Mail, MailOpen, Trash2, type LucideIcon } from "lucide-react";
import Link from "next/link";
import { useId } from "react";

import type { InboxItem } from "@/inbox/types";
import { onThisSite } from "@/lib/safe-url";
import { Avatar } from "@/ui/avatar";
import { Mark } from "@/ui/mark";
import { TimeAgo } from "@/ui/time-ago";

import { useInboxActions } from "./inbox-context";
import { useAct } from "./use-act";

type ItemRowProps = { item: InboxItem; onFollow: () => void };

export function ItemRow({ item, onFollow }: ItemRowProps) {
  const unread = item.read_at === null;
  const title = useId();
  return (
    <li
      className={clsx(
        "group relative flex gap-3 px-5 py-4 transition-colors hover:bg-sunken",
        unread && "bg-signal-soft/45",
      )}
    >
      {unread && (
        <span
          aria-hidden="true"
          className="absolute top-1/2 left-1.5 size-2 -translate-y-1/2 rounded-full bg-signal"
        />
      )}
      <Portrait item={item} />
      <div className="min-w-0 flex-1">
        <p
          id={title}
          className={clsx("text-[0.9375rem] leading-snug break-words", unread && "font-semibold")}
        >
          {unread && <span className="sr-only">Unread: </span>}
          <Destination item={item} onFollow={onFollow} />
        </p>
        {item.body !== "" && (
          <p className="mt-0.5 line-clamp-2 text-sm break-words text-muted">{item.body}</p>
        )}
        <TimeAgo at={item.created_at} className="mt-1 block text-xs text-muted" />
      </div>
      <Tools item={item} describedBy={title} />
    </li>
  );
}

export function Portrait({ item }: { item: InboxItem }) {
  if (item.actor !== null) return <Avatar person={item.actor} className="size-9 text-sm" />;
  return (
    <span className="grid size-9 shrink-0 place-items-center rounded-full bg-sunken text-brand">
      <Mark className="size-5" />
    </span>
  );
}

function Destination({ item, onFollow }: ItemRowProps) {
  const inbox = useInboxActions();
  const act = useAct();
  const href = onThisSite(item.url, "");
  if (href === "") return item.title;

  function follow() {
    if (item.read_at === null) act(inbox.mark(item.id, "read"));
    onFollow();
  }

  return (
    <Link
      href={href}
      onClick={follow}
      className="after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-brand"
    >
      {item.title}
    </Link>
  );
}

type ToolsProps = { item: InboxItem; describedBy: string };

function Tools({ item, describedBy }: ToolsProps) {
  const inbox = useInboxActions();
  const act = useAct();
  const { id } = item;
  const tool = (name: string, icon: LucideIcon, run: () => Promise<void>) => (
    <Tool name={name} icon={icon} describedBy={describedBy} onPress={() => act(run())} />
  );
  return (
    <div className="relative flex shrink-0 items-start">
      {item.read_at === null
        ? tool("Mark read", MailOpen, () => inbox.mark(id, "read"))
        : tool("Mark unread", Mail, () => inbox.mark(id, "unread"))}
      {item.archived_at === null
        ? tool("Archive", Archive, () => inbox.mark(id, "archive"))
        : tool("Move to inbox", ArchiveRestore, () => inbox.mark(id, "unarchive"))}
      {item.archived_at !== null && tool("Delete", Trash2, () => inbox.remove(id))}
    </div>
  );
}

type ToolProps = { name: string; icon: LucideIcon; describedBy: string; onPress: () => void };

function Tool({ name, icon: Icon, describedBy, onPress }: ToolProps) {
  return (
    <button
      type="button"
      aria-label={name}
      aria-describedby={describedBy}
      title={name}
      onClick={onPress}
      className="grid size-9 place-items-center rounded-full text-muted transition-colors hover:bg-surface hover:text-ink"
    >
      <Icon aria-hidden="true" className="size-[1.1rem]" />
    </button>
  );
}
