import clsx from "clsx";
import type { ReactNode } from "react";

import { Button } from "./button";

type EmptyProps = { title: string; children?: ReactNode; className?: string };

/** Says why there is nothing, and what would change that. */
export function Empty({ title, children, className }: EmptyProps) {
  return (
    <div className={clsx("grid justify-items-center gap-2 px-6 py-14 text-center", className)}>
      <Stillness />
      <p className="mt-3 font-display text-lg font-semibold">{title}</p>
      {children !== undefined && (
        <div className="max-w-sm text-[0.9375rem] text-pretty text-muted">{children}</div>
      )}
    </div>
  );
}

/** Sound dying away. */
function Stillness() {
  return (
    <svg viewBox="0 0 96 24" fill="none" className="h-6 w-24 text-edge" aria-hidden="true">
      <path
        d="M2 12h14q4 0 5-5t5-5 5 10 5 10 5-7 5-6 5 3 4 2h41"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
      />
      <circle cx="92" cy="12" r="3.5" className="fill-signal" />
    </svg>
  );
}

type FailureProps = { error: Error; onRetry: () => void };

/** Says what could not be loaded, with a way to try again. */
export function Failure({ error, onRetry }: FailureProps) {
  return (
    <div role="alert" className="grid justify-items-center gap-4 px-6 py-10 text-center">
      <p className="max-w-sm text-pretty text-muted">{error.message}</p>
      <Button look="quiet" onClick={onRetry}>
        Try again
      </Button>
    </div>
  );
}

/** Holds the place of `rows` things to come. */
export function Loading({ rows = 3, label = "Loading" }: { rows?: number; label?: string }) {
  return (
    <div role="progressbar" aria-label={label} className="grid gap-8 py-6">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} aria-hidden="true" className="flex animate-pulse gap-4">
          <div className="size-10 rounded-full bg-sunken" />
          <div className="grid flex-1 gap-2.5 pt-1">
            <div className="h-3.5 w-1/3 rounded-full bg-sunken" />
            <div className="h-3.5 w-11/12 rounded-full bg-sunken" />
            <div className="h-3.5 w-3/4 rounded-full bg-sunken" />
          </div>
        </div>
      ))}
    </div>
  );
}
