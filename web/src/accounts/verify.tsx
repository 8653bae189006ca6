"use client";

import { useMutation } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter, useSearchParams } from "next/navigation";
import { useState } from "react";

import { Button, buttonStyle } from "@/ui/button";
import { FormError } from "@/ui/form";

import { Card, Way } from "./card";
import { verifyEmail } from "./headless";
import { useRenewSession } from "./session";

/** Where a mailed link leads. It asks for a click: mail programs open links by themselves. */
export function Verify() {
  const key = useSearchParams().get("key") ?? "";
  const router = useRouter();
  const renew = useRenewSession();
  const [done, setDone] = useState(false);
  const confirm = useMutation({
    mutationFn: async () => {
      if (!(await verifyEmail(key))) {
        setDone(true);
        return;
      }
      await renew();
      router.replace("/");
    },
  });
  if (done) {
    return (
      <Card title="Your address is confirmed">
        <Link href="/signin/" className={buttonStyle("primary")}>
          Sign in
        </Link>
      </Card>
    );
  }
  return (
    <Card title="Confirm your address">
      <FormError error={confirm.error} fields={[]} />
      <Button busy={confirm.isPending} onClick={() => confirm.mutate()}>
        Confirm
      </Button>
      <p className="text-muted">
        A link works once, and not for ever. <Way href="/signin/">Sign in</Way>, and we mail you
        another if you need one.
      </p>
    </Card>
  );
}
