"use client";

import { LogOut, Settings } from "lucide-react";
import { useRouter } from "next/navigation";
import { DropdownMenu } from "radix-ui";

import { signOut } from "@/accounts/headless";
import { useRenewSession } from "@/accounts/session";
import type { Me } from "@/api/client";
import { forgetDrafts } from "@/lib/use-draft";
import { useAnnounce } from "@/ui/announcements";
import { Avatar } from "@/ui/avatar";

import { Menu, MENU_ITEM, MenuLine } from "./menu";
import { ThemeChoice } from "./theme-choice";

export function AccountMenu({ me }: { me: Me }) {
  const router = useRouter();
  const renew = useRenewSession();
  const announce = useAnnounce();

  async function leave() {
    try {
      await signOut();
      forgetDrafts();
      router.push("/");
      await renew();
      announce("Signed out.");
    } catch {
      announce("You could not be signed out. Try again in a moment.");
    }
  }

  return (
    <Menu
      trigger={
        <button
          type="button"
          aria-label={`Account: ${me.name}`}
          className="grid size-11 place-items-center rounded-full"
        >
          <Avatar person={me} className="size-9 text-sm" />
        </button>
      }
    >
      <div className="px-3 py-2">
        <p className="truncate font-semibold">{me.name}</p>
        <p className="truncate text-sm text-muted">{me.email}</p>
      </div>
      <MenuLine />
      <DropdownMenu.Item className={MENU_ITEM} onSelect={() => router.push("/settings/")}>
        <Settings aria-hidden="true" className="size-4" />
        Settings
      </DropdownMenu.Item>
      <MenuLine />
      <ThemeChoice />
      <MenuLine />
      <DropdownMenu.Item className={MENU_ITEM} onSelect={() => void leave()}>
        <LogOut aria-hidden="true" className="size-4" />
        Sign out
      </DropdownMenu.Item>
    </Menu>
  );
}
