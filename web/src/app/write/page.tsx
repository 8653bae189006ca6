"use client";

import { useSearchParams } from "next/navigation";

import { SignedIn } from "@/accounts/signed-in";
import { PageTitle } from "@/bell/page-title";
import { EditPost } from "@/posts/edit-post";
import { WriteForm } from "@/posts/write-form";

export default function WritePage() {
  const id = useSearchParams().get("id");
  const title = id === null ? "Write" : "Edit";
  return (
    <>
      <PageTitle>{title}</PageTitle>
      <h1 className="mb-8 text-[2rem]">{title}</h1>
      <SignedIn>
        {(me) =>
          id === null ? (
            <WriteForm key="new" me={me} post={null} />
          ) : (
            <EditPost key={id} me={me} id={id} />
          )
        }
      </SignedIn>
    </>
  );
}
