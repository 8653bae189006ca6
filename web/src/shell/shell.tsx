"use client";

import { Suspense, type ReactNode } from "react";

import { ConnectionBar } from "@/bell/connection-bar";
import { useSession } from "@/accounts/session";
import { useFreshPosts } from "@/posts/queries";

import { Header } from "./header";
import { TabBar } from "./nav";

/** What every page has around it. */
export function Shell({ children }: { children: ReactNode }) {
  const me = useSession().data;
  useFreshPosts();
  return (
    <>
      <a
        href="#content"
        className="fixed top-2 left-2 z-50 -translate-y-20 rounded-full bg-ink px-5 py-2.5 font-semibold text-paper focus:translate-y-0"
      >
        Skip to content
      </a>
      <div className="sticky top-0 z-30 border-b border-line bg-paper">
        <Header me={me} />
        {me && <ConnectionBar />}
      </div>
      <main
        id="content"
        tabIndex={-1}
        className="mx-auto w-full max-w-2xl px-5 pt-8 pb-28 outline-none sm:pt-12"
      >
        <Suspense>{children}</Suspense>
      </main>
      {me && <TabBar />}
    </>
  );
}
