"use client";

import { Toast } from "radix-ui";
import { useState, type ReactNode } from "react";

type ToastAreaProps = {
  /** What is told here, as screen readers name it. */
  label: string;
  /** How many milliseconds a toast stays, unless a pointer or the focus is on it. */
  duration: number;
  /** Keys that lead to the toasts; none where there is nothing to do in them. */
  hotkey?: string[];
  className: string;
  /** Each a `Toast.Root` of Radix. */
  children: ReactNode;
  /** What is to be said and not shown. */
  spoken?: ReactNode;
};

/**
 * Where toasts of one kind show. It is a live region: what is shown is what is said. Radix would
 * say it once more, in an element beside it, which is therefore kept out of the page.
 */
export function ToastArea({
  label,
  duration,
  hotkey,
  className,
  children,
  spoken,
}: ToastAreaProps) {
  const [unheard] = useState(() =>
    typeof document === "undefined" ? undefined : document.createElement("div"),
  );
  const keys = hotkey?.length === 0 ? "" : " ({hotkey})";
  return (
    <Toast.Provider label={label} duration={duration} announcerContainer={unheard}>
      {children}
      <Toast.Viewport asChild label={label + keys} hotkey={hotkey}>
        <div role="status" aria-live="polite" aria-label={label} className={className}>
          {spoken}
        </div>
      </Toast.Viewport>
    </Toast.Provider>
  );
}
