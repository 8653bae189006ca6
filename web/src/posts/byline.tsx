import { TimeAgo } from "@/ui/time-ago";

type BylineProps = {
  written: { author: { name: string }; created_at: string; updated_at: string; mine: boolean };
};

/** Who wrote it and when. */
export function Byline({ written: { author, created_at, updated_at, mine } }: BylineProps) {
  return (
    <p className="flex flex-wrap items-baseline gap-x-2 text-sm text-muted">
      <span className="font-semibold text-ink">{author.name}</span>
      {mine && <span className="rounded-full bg-sunken px-2 text-xs font-semibold">You</span>}
      <TimeAgo at={created_at} />
      {updated_at !== created_at && <span>· edited</span>}
    </p>
  );
}
