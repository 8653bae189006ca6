"use client";

import { Check } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";

import { setTheme, storedTheme, THEMES, type Theme } from "@/ui/theme";

import { MENU_ITEM } from "./menu";

const NAMES: Record<Theme, string> = { system: "As the system", light: "Light", dark: "Dark" };

/** The part of a menu that chooses between light and dark. */
export function ThemeChoice() {
  const [theme, setShown] = useState(storedTheme); // a menu opens in a browser only

  function choose(value: string) {
    setTheme(value as Theme);
    setShown(value as Theme);
  }

  return (
    <DropdownMenu.RadioGroup value={theme} onValueChange={choose} aria-label="Colours">
      <DropdownMenu.Label className="px-3 pt-2 pb-1 text-xs font-semibold text-muted">
        Colours
      </DropdownMenu.Label>
      {THEMES.map((name) => (
        <DropdownMenu.RadioItem
          key={name}
          value={name}
          className={MENU_ITEM}
          onSelect={(event) => event.preventDefault()}
        >
          {NAMES[name]}
          <DropdownMenu.ItemIndicator className="ml-auto">
            <Check aria-hidden="true" className="size-4" />
          </DropdownMenu.ItemIndicator>
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}
