"use client";

import { useSearchParams } from "next/navigation";
import { useState } from "react";

import { buttonStyle } from "@/ui/button";
import Link from "next/link";

import { AccountForm } from "./account-form";
import { Card, Way } from "./card";
import { CheckMail } from "./check-mail";
import { requestReset, resetPassword } from "./headless";

export function RequestReset() {
  const [mailed, setMailed] = useState(false);
  if (mailed) return <CheckMail />;
  return (
    <Card title="Forgot your password?">
      <p className="text-muted">
        Tell us your address, and we mail you a link to choose a new one.
      </p>
      <AccountForm
        submit="Send the link"
        onSubmit={async ({ email }) => {
          await requestReset(email);
          setMailed(true);
        }}
        fields={[{ name: "email", label: "Email", type: "email", autoComplete: "email" }]}
      />
      <p>
        <Way href="/signin/">Back to sign in</Way>
      </p>
    </Card>
  );
}

export function ConfirmReset() {
  const key = useSearchParams().get("key");
  const [done, setDone] = useState(false);
  if (key === null) return <RequestReset />;
  if (done) {
    return (
      <Card title="That is your new password">
        <Link href="/signin/" className={buttonStyle("primary")}>
          Sign in
        </Link>
      </Card>
    );
  }
  return (
    <Card title="Choose a new password">
      <AccountForm
        submit="Save"
        onSubmit={async ({ password }) => {
          await resetPassword({ key, password });
          setDone(true);
        }}
        fields={[
          {
            name: "password",
            label: "New password",
            type: "password",
            autoComplete: "new-password",
            hint: "At least 8 characters.",
          },
        ]}
      />
      <p className="text-muted">
        A link works once, and not for ever. <Way href="/reset/">Ask for another</Way>
      </p>
    </Card>
  );
}
