/** An h that has something to tell: the dot is where a badge would be. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="3 2 24 28" fill="none" className={className} aria-hidden="true">
      <g stroke="currentColor" strokeWidth="5.2" strokeLinecap="round">
        <path d="M7 5v22" />
        <path d="M7 20.5c0-4.6 3.4-7.5 7.4-7.5s7.1 2.8 7.1 7.3V27" />
      </g>
      <circle cx="24.4" cy="6.6" r="4.4" className="fill-signal" />
    </svg>
  );
}

export function Wordmark() {
  return (
    <span className="inline-flex items-baseline font-display text-[1.6rem] leading-none font-bold tracking-tight">
      <Mark className="-mr-[0.08em] h-[0.9em] w-auto translate-y-[0.09em] overflow-visible" />
      <span aria-hidden="true">ark</span>
      <span className="sr-only">Hark</span>
    </span>
  );
}
