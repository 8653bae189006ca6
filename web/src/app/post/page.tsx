"use client";

import { useSearchParams } from "next/navigation";

import { SignedIn } from "@/accounts/signed-in";
import { NoSuchPost, PostView } from "@/posts/post-view";

export default function PostPage() {
  const id = useSearchParams().get("id");
  if (id === null || id === "") return <NoSuchPost />;
  return <SignedIn>{(me) => <PostView key={id} me={me} id={id} />}</SignedIn>;
}
