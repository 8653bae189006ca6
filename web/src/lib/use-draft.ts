import { useCallback, useEffect, useState } from "react";

const PREFIX = "hark:draft:";

/**
 * Text being written, kept on this device until it is `discard`ed: a failed request, an ended
 * session or a closed tab costs nobody their words. `key` names whose, a colon, and for what.
 */
export function useDraft<T extends Record<string, string>>(key: string, initial: T) {
  const [draft, setDraft] = useState<T>(initial);

  // After the first render, which must equal the server's; and again when it is another draft.
  useEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- storage is no part of React
    setDraft((present) => restore(key, present));
  }, [key]);

  const change = useCallback(
    (changes: Partial<T>) =>
      setDraft((present) => {
        const next = { ...present, ...changes };
        store(key, next);
        return next;
      }),
    [key],
  );

  const discard = useCallback(() => {
    localStorage.removeItem(PREFIX + key);
    setDraft(initial);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the text it began with, once
  }, [key]);

  return [draft, change, discard] as const;
}

function restore<T extends Record<string, string>>(key: string, present: T): T {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(PREFIX + key) ?? "{}");
    const known = Object.entries(kept ?? {}).filter(
      ([name, text]) => name in present && typeof text === "string",
    );
    return { ...present, ...Object.fromEntries(known) };
  } catch {
    return present; // not ours, or storage is switched off
  }
}

function store(key: string, draft: Record<string, string>): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(draft));
  } catch {
    // Full or switched off: the text is still on the screen.
  }
}

/** Forget every draft on this device, or those of one person: they may not be alone here. */
export function forgetDrafts(owner?: string): void {
  const prefix = owner === undefined ? PREFIX : `${PREFIX}${owner}:`;
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(prefix)) localStorage.removeItem(key);
  }
}
