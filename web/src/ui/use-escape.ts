import { useEffect, useEffectEvent } from "react";

/**
 * While something is open, have Escape close it, wherever the focus is, and do nothing else. By
 * itself Radix has Escape close what came last, and that may be a toast.
 */
export function useEscape(open: boolean, close: () => void): void {
  const leave = useEffectEvent(close);
  useEffect(() => {
    if (!open) return;
    function pressed(event: KeyboardEvent): void {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      leave();
    }
    // The window has it before the document, where Radix listens.
    window.addEventListener("keydown", pressed, { capture: true });
    return () => window.removeEventListener("keydown", pressed, { capture: true });
  }, [open]);
}
