"use client";

import clsx from "clsx";
import { BookOpen, Newspaper, PenLine } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";

const PLACES = [
  { href: "/", name: "Feed", icon: Newspaper },
  { href: "/write/", name: "Write", icon: PenLine },
  { href: "/mine/", name: "My posts", icon: BookOpen },
] as const;

/** Where one can go, in the header of a wide screen. */
export function Nav() {
  const here = usePathname();
  return (
    <nav aria-label="Main" className="hidden gap-1 sm:flex">
      {PLACES.map(({ href, name }) => (
        <Link
          key={href}
          href={href}
          aria-current={here === href ? "page" : undefined}
          className={clsx(
            "inline-flex min-h-11 items-center rounded-full px-4 text-[0.9375rem] font-semibold transition-colors",
            here === href ? "text-ink" : "text-muted hover:bg-sunken hover:text-ink",
          )}
        >
          <span
            className={clsx(
              "border-b-2 py-0.5",
              here === href ? "border-signal" : "border-transparent",
            )}
          >
            {name}
          </span>
        </Link>
      ))}
    </nav>
  );
}

/** The same at the foot of a phone, under the thumb. */
export function TabBar() {
  const here = usePathname();
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-30 grid grid-cols-3 border-t border-line bg-paper pb-[env(safe-area-inset-bottom)] sm:hidden"
    >
      {PLACES.map(({ href, name, icon: Icon }) => (
        <Link
          key={href}
          href={href}
          aria-current={here === href ? "page" : undefined}
          className={clsx(
            "grid justify-items-center gap-0.5 py-2 text-xs font-semibold",
            here === href ? "text-brand" : "text-muted",
          )}
        >
          <Icon aria-hidden="true" className="size-5" />
          {name}
        </Link>
      ))}
    </nav>
  );
}
