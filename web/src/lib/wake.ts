const BEAT_MS = 5_000;
/** A tick that is off by more was held up by sleep, or somebody has set the clock. */
const OFF_MS = 5_000;

/**
 * Have `woken` called whenever the page may have been away: it becomes visible, comes back from the
 * back button's cache, its network returns, or its clock jumps. Returns what ends that.
 */
export function onWake(woken: () => void): () => void {
  let last = Date.now(); // the clock that goes on while a machine sleeps

  function look(): void {
    const off = Math.abs(Date.now() - last - BEAT_MS);
    last = Date.now();
    // Of a page that nobody looks at, browsers hold up every tick.
    if (off > OFF_MS && document.visibilityState === "visible") woken();
  }

  function show(): void {
    if (document.visibilityState === "visible") woken();
  }

  const timer = setInterval(look, BEAT_MS);
  document.addEventListener("visibilitychange", show);
  window.addEventListener("pageshow", woken);
  window.addEventListener("online", woken);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", show);
    window.removeEventListener("pageshow", woken);
    window.removeEventListener("online", woken);
  };
}
