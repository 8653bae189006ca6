"use client";

import { useMutation } from "@tanstack/react-query";
import { useRouter, useSearchParams } from "next/navigation";

import { Button } from "@/ui/button";
import { FormError } from "@/ui/form";

import { Card, Way } from "./card";
import { verifyEmail } from "./headless";
import { useRenewSession } from "./session";

/** Where a mailed link leads. It asks for a click: mail programs open links by themselves. */
export function Verify() {
  const key = useSearchParams().get("key") ?? "";
  const router = useRouter();
  const renew = useRenewSession();
  const confirm = useMutation({
    mutationFn: async () => {
      await verifyEmail(key);
      await renew();
      router.replace("/");
    },
  });
  return (
    <Card title="Confirm your address">
      <FormError error={confirm.error} fields={[]} />
      <Button busy={confirm.isPending} onClick={() => confirm.mutate()}>
        Confirm
      </Button>
      <p>
        <Way href="/signin/">Back to sign in</Way>
      </p>
    </Card>
  );
}
