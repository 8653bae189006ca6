"use client";

import { SunMoon } from "lucide-react";
import Link from "next/link";

import type { Me } from "@/api/client";
import { Bell } from "@/bell/bell";
import { buttonStyle } from "@/ui/button";
import { Wordmark } from "@/ui/mark";

import { AccountMenu } from "./account-menu";
import { Menu } from "./menu";
import { Nav } from "./nav";
import { ThemeChoice } from "./theme-choice";

type HeaderProps = {
  /** Who is signed in: null for nobody, undefined while that is not known. */
  me: Me | null | undefined;
};

export function Header({ me }: HeaderProps) {
  return (
    <header className="mx-auto flex h-16 max-w-5xl items-center gap-6 px-5">
      <Link href="/" className="rounded-lg">
        <Wordmark />
      </Link>
      {me && <Nav />}
      <div className="ml-auto flex items-center gap-1">
        {me && <Bell />}
        {me && <AccountMenu me={me} />}
        {me === null && <Visitor />}
      </div>
    </header>
  );
}

function Visitor() {
  return (
    <>
      <Menu
        trigger={
          <button
            type="button"
            aria-label="Colours"
            className="grid size-11 place-items-center rounded-full text-muted hover:bg-sunken hover:text-ink"
          >
            <SunMoon aria-hidden="true" className="size-5" />
          </button>
        }
      >
        <ThemeChoice />
      </Menu>
      <Link href="/signin/" className={buttonStyle("plain", "px-4")}>
        Sign in
      </Link>
      <Link href="/signup/" className={buttonStyle("primary", "max-sm:hidden")}>
        Sign up
      </Link>
    </>
  );
}
