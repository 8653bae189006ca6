import Link from "next/link";

import { Avatar } from "@/ui/avatar";
import { buttonStyle } from "@/ui/button";

/** What strangers see first. */
export function Landing() {
  return (
    <div className="grid gap-14 pt-4 sm:pt-10">
      <title>Hark: say it once, hear back at once</title>
      <div>
        <h1 className="text-[2.9rem] leading-[1.02] font-bold tracking-[-0.035em] sm:text-[4.4rem]">
          Say it once.
          <br />
          Hear back{" "}
          <span className="relative whitespace-nowrap">
            at once
            <Underline />
          </span>
          .
        </h1>
        <p className="mt-7 max-w-[34rem] text-lg text-pretty text-muted">
          Hark is a quiet place to write. The moment somebody answers, every screen you have open
          knows it, and nothing is ever lost on the way.
        </p>
        <div className="mt-8 flex flex-wrap gap-3">
          <Link href="/signup/" className={buttonStyle("primary", "px-7")}>
            Sign up
          </Link>
          <Link href="/signin/" className={buttonStyle("quiet", "px-7")}>
            Sign in
          </Link>
        </div>
      </div>
      <Scene />
    </div>
  );
}

function Underline() {
  return (
    <svg
      viewBox="0 0 200 12"
      preserveAspectRatio="none"
      aria-hidden="true"
      className="absolute inset-x-0 -bottom-1.5 h-3 w-full text-signal"
    >
      <path
        d="M3 8C45 2 80 3 110 6s60 3 87-2"
        fill="none"
        stroke="currentColor"
        strokeWidth="5"
        strokeLinecap="round"
      />
    </svg>
  );
}

/** A post, and an answer on its way in. */
function Scene() {
  return (
    <figure
      aria-label="A comment arrives while its author is still reading"
      className="relative pb-10"
    >
      <div
        aria-hidden="true"
        className="rounded-3xl bg-surface p-6 shadow-float ring-1 ring-line sm:p-8"
      >
        <div className="flex items-center gap-3 text-sm text-muted">
          <Avatar person={{ id: "c", name: "Bo" }} />
          <span>
            <b className="text-ink">Bo</b> · 4 min. ago
          </span>
        </div>
        <p className="mt-3 font-display text-2xl font-semibold tracking-tight">
          The kettle is not the problem
        </p>
        <p className="mt-2 text-muted">
          I have tried three waters, two pots and a thermometer. It turns out that the leaves simply
          want a minute longer than the tin says…
        </p>
      </div>
      <div
        aria-hidden="true"
        className="absolute right-3 bottom-0 flex max-w-[19rem] animate-rise items-start gap-3 rounded-2xl border-l-4 border-signal bg-surface p-4 shadow-float [animation-delay:0.6s] sm:-right-6"
      >
        <Avatar person={{ id: "a", name: "Ana" }} className="size-9 text-sm" />
        <div className="text-[0.9375rem] leading-snug">
          <p className="font-semibold">Ana commented on ‘The kettle is not the problem’</p>
          <p className="mt-0.5 text-sm text-muted">Two minutes. Trust me.</p>
        </div>
      </div>
    </figure>
  );
}
