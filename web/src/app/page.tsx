"use client";

import Link from "next/link";

import { SignedIn } from "@/accounts/signed-in";
import { PageTitle } from "@/bell/page-title";
import { PostList } from "@/posts/post-list";
import { Landing } from "@/shell/landing";
import { buttonStyle } from "@/ui/button";
import { Empty } from "@/ui/states";

export default function HomePage() {
  return (
    <SignedIn otherwise={<Landing />}>
      {() => (
        <>
          <PageTitle>Feed</PageTitle>
          <h1 className="text-[2rem]">Feed</h1>
          <PostList
            shelf="all"
            empty={
              <Empty title="Nobody has written yet">
                <p className="mb-6">Somebody has to begin.</p>
                <Link href="/write/" className={buttonStyle("primary")}>
                  Write the first post
                </Link>
              </Empty>
            }
          />
        </>
      )}
    </SignedIn>
  );
}
