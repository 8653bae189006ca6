const HELD_MS = 10_000;
/** Tabs that nobody looks at leave the toast to one that somebody does. */
const HIDDEN_WAIT_MS = 300;

/**
 * Settle among all tabs which one shows the toast of an arrival: resolves to true in one of them,
 * and preferably in one that can be seen.
 */
export async function claimToast(id: number): Promise<boolean> {
  // Types promise locks; pages over plain HTTP do not have them.
  if (!("locks" in navigator)) return true;
  if (document.visibilityState === "hidden") await wait(HIDDEN_WAIT_MS);
  return new Promise((resolve) => {
    void navigator.locks.request(`hark:toast:${id}`, { ifAvailable: true }, async (lock) => {
      resolve(lock !== null);
      if (lock !== null) await wait(HELD_MS); // longer than any tab is late
    });
  });
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
