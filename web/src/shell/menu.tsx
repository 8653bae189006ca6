"use client";

import { DropdownMenu } from "radix-ui";
import { useState, type ReactNode } from "react";

import { useEscape } from "@/ui/use-escape";

export const MENU_ITEM =
  "flex min-h-10 items-center gap-3 rounded-xl px-3 text-[0.9375rem] outline-none select-none data-highlighted:bg-sunken";

type MenuProps = { trigger: ReactNode; children: ReactNode };

export function Menu({ trigger, children }: MenuProps) {
  const [open, setOpen] = useState(false);
  useEscape(open, () => setOpen(false));
  return (
    <DropdownMenu.Root open={open} onOpenChange={setOpen} modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={8}
          collisionPadding={12}
          className="z-50 w-56 animate-rise rounded-2xl bg-surface p-1.5 shadow-float ring-1 ring-line"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

export function MenuLine() {
  return <DropdownMenu.Separator className="mx-3 my-1.5 h-px bg-line" />;
}
