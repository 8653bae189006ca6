import Link from "next/link";
import type { ReactNode } from "react";

type CardProps = { title: string; children: ReactNode };

/** A page about one's account: a title, a short form, a way on. */
export function Card({ title, children }: CardProps) {
  return (
    <div className="mx-auto grid max-w-sm gap-7 sm:pt-6">
      <h1 className="text-[2rem]">{title}</h1>
      {children}
    </div>
  );
}

type WayProps = { href: string; children: ReactNode };

export function Way({ href, children }: WayProps) {
  return (
    <Link href={href} className="font-semibold text-brand underline underline-offset-4">
      {children}
    </Link>
  );
}
