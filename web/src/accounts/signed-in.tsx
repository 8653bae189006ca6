"use client";

import Link from "next/link";
import type { ReactNode } from "react";

import type { Me } from "@/api/client";
import { buttonStyle } from "@/ui/button";
import { useSignInHref } from "@/ui/form";
import { Empty, Failure, Loading } from "@/ui/states";

import { useSession } from "./session";

type SignedInProps = {
  children: (me: Me) => ReactNode;
  /** What strangers see instead. */
  otherwise?: ReactNode;
};

/** Shows something to those who are signed in, and to others how to be. */
export function SignedIn({ children, otherwise }: SignedInProps) {
  const { data: me, error, refetch } = useSession();
  if (me) return children(me);
  if (me === null) return otherwise ?? <PleaseSignIn />;
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  return <Loading label="Loading" />;
}

function PleaseSignIn() {
  return (
    <Empty title="Sign in to go on">
      <p className="mb-6">What you were writing is kept on this device.</p>
      <Link href={useSignInHref()} className={buttonStyle("primary")}>
        Sign in
      </Link>
    </Empty>
  );
}
