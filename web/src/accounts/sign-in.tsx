"use client";

import { useRouter, useSearchParams } from "next/navigation";
import { useState } from "react";

import { onThisSite } from "@/lib/safe-url";

import { AccountForm } from "./account-form";
import { Card, Way } from "./card";
import { CheckMail } from "./check-mail";
import { signIn, signUp, type Outcome } from "./headless";
import { useRenewSession } from "./session";

const EMAIL = { name: "email", label: "Email", type: "email", autoComplete: "email" } as const;

/** What follows signing in or up: the page one came from, or a mail to look for. */
function useEntering() {
  const router = useRouter();
  const renew = useRenewSession();
  const next = onThisSite(useSearchParams().get("next"), "/");
  const [mailed, setMailed] = useState(false);

  async function enter(outcome: Promise<Outcome>) {
    if ((await outcome) === "verify-email") {
      setMailed(true);
      return;
    }
    await renew();
    router.replace(next);
  }

  const query = next === "/" ? "" : `?next=${encodeURIComponent(next)}`;
  return { enter, mailed, query };
}

export function SignIn() {
  const { enter, mailed, query } = useEntering();
  if (mailed) return <CheckMail />;
  return (
    <Card title="Welcome back">
      <AccountForm
        submit="Sign in"
        onSubmit={(given) => enter(signIn(given))}
        fields={[
          EMAIL,
          {
            name: "password",
            label: "Password",
            type: "password",
            autoComplete: "current-password",
          },
        ]}
      />
      <p className="text-muted">
        New here? <Way href={`/signup/${query}`}>Sign up</Way> ·{" "}
        <Way href="/reset/">Forgot your password?</Way>
      </p>
    </Card>
  );
}

export function SignUp() {
  const { enter, mailed, query } = useEntering();
  if (mailed) return <CheckMail />;
  return (
    <Card title="Make yourself heard">
      <AccountForm
        submit="Sign up"
        onSubmit={(given) => enter(signUp(given))}
        fields={[
          {
            name: "username",
            label: "User name",
            type: "text",
            autoComplete: "username",
            hint: "Everyone sees it.",
          },
          { ...EMAIL, hint: "Nobody sees it. You sign in with it." },
          {
            name: "password",
            label: "Password",
            type: "password",
            autoComplete: "new-password",
            hint: "At least 8 characters.",
          },
        ]}
      />
      <p className="text-muted">
        Been here before? <Way href={`/signin/${query}`}>Sign in</Way>
      </p>
    </Card>
  );
}
