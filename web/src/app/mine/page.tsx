"use client";

import Link from "next/link";

import { SignedIn } from "@/accounts/signed-in";
import { PageTitle } from "@/bell/page-title";
import { PostList } from "@/posts/post-list";
import { buttonStyle } from "@/ui/button";
import { Empty } from "@/ui/states";

export default function MinePage() {
  return (
    <>
      <PageTitle>My posts</PageTitle>
      <h1 className="text-[2rem]">My posts</h1>
      <SignedIn>
        {() => (
          <PostList
            shelf="mine"
            empty={
              <Empty title="You have not written yet">
                <p className="mb-6">
                  Whoever comments on what you write, you will hear of it here.
                </p>
                <Link href="/write/" className={buttonStyle("primary")}>
                  Write your first post
                </Link>
              </Empty>
            }
          />
        )}
      </SignedIn>
    </>
  );
}
