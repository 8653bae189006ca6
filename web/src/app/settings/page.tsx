"use client";

import { ChangePassword } from "@/accounts/change-password";
import { SignedIn } from "@/accounts/signed-in";
import { PageTitle } from "@/bell/page-title";

export default function SettingsPage() {
  return (
    <>
      <PageTitle>Settings</PageTitle>
      <h1 className="mb-10 text-[2rem]">Settings</h1>
      <SignedIn>
        {(me) => (
          <div className="grid gap-12">
            <section aria-labelledby="you" className="grid max-w-sm gap-4">
              <h2 id="you" className="text-xl">
                You
              </h2>
              <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-[0.9375rem]">
                <dt className="text-muted">User name</dt>
                <dd className="break-words">{me.name}</dd>
                <dt className="text-muted">Email</dt>
                <dd className="min-w-0 break-words">{me.email}</dd>
              </dl>
            </section>
            <section aria-labelledby="password" className="grid max-w-sm gap-5">
              <h2 id="password" className="text-xl">
                Change your password
              </h2>
              <ChangePassword />
            </section>
          </div>
        )}
      </SignedIn>
    </>
  );
}
