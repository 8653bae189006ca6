"use client";

import { useAnnounce } from "@/ui/announcements";

import { AccountForm } from "./account-form";
import { changePassword } from "./headless";
import { useRenewSession } from "./session";

export function ChangePassword() {
  const announce = useAnnounce();
  const renew = useRenewSession();

  async function change(given: { current_password: string; new_password: string }) {
    await changePassword(given);
    await renew();
    announce("Your password is changed.");
  }

  return (
    <AccountForm
      submit="Change password"
      onSubmit={change}
      fields={[
        {
          name: "current_password",
          label: "Current password",
          type: "password",
          autoComplete: "current-password",
        },
        {
          name: "new_password",
          label: "New password",
          type: "password",
          autoComplete: "new-password",
          hint: "At least 8 characters.",
        },
      ]}
    />
  );
}
