import clsx from "clsx";
import type { ComponentProps } from "react";

type Look = "primary" | "quiet" | "danger" | "plain";

const LOOKS: Record<Look, string> = {
  primary: "bg-brand text-on-brand hover:bg-brand-strong",
  quiet: "bg-surface text-ink ring-1 ring-inset ring-line hover:ring-edge",
  danger: "bg-danger text-on-danger hover:opacity-90",
  plain: "text-muted hover:bg-sunken hover:text-ink",
};

/** The classes of a button, for links that look like one. */
export function buttonStyle(look: Look, className?: string): string {
  return clsx(
    "inline-flex min-h-11 items-center justify-center gap-2 rounded-full px-5 text-[0.9375rem] font-semibold",
    "transition-[background-color,box-shadow,transform,opacity] duration-150 active:scale-[0.98]",
    "disabled:pointer-events-none disabled:opacity-50",
    LOOKS[look],
    className,
  );
}

type ButtonProps = ComponentProps<"button"> & { look?: Look; busy?: boolean };

/** `busy`: what it does is under way; it keeps its place and its focus, and cannot be pressed. */
export function Button({ look = "primary", busy = false, className, ...props }: ButtonProps) {
  return (
    <button
      type="button"
      {...props}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : props.onClick}
      className={buttonStyle(look, clsx(busy && "animate-pulse cursor-progress", className))}
    />
  );
}
