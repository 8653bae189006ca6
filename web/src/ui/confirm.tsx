"use client";

import { AlertDialog } from "radix-ui";
import { useState, type ReactNode } from "react";

import { Button, buttonStyle } from "./button";
import { useEscape } from "./use-escape";

type ConfirmProps = {
  /** What opens it. */
  trigger: ReactNode;
  title: string;
  children: ReactNode;
  /** What is about to happen, in a word. */
  verb: string;
  onConfirm: () => Promise<unknown>;
};

/** Asks before something that cannot be undone. Stays open, and says why, when that fails. */
export function Confirm({ trigger, title, children, verb, onConfirm }: ConfirmProps) {
  const [open, setOpen] = useState(false);
  useEscape(open, () => setOpen(false));
  const [state, setState] = useState<"idle" | "busy" | Error>("idle");

  async function confirm() {
    setState("busy");
    try {
      await onConfirm();
      setOpen(false);
      setState("idle");
    } catch (error) {
      setState(error instanceof Error ? error : new Error(String(error)));
    }
  }

  return (
    <AlertDialog.Root open={open} onOpenChange={setOpen}>
      <AlertDialog.Trigger asChild>{trigger}</AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="fixed inset-0 z-40 animate-fade bg-[oklch(0.15_0.03_235/0.5)]" />
        <AlertDialog.Content className="fixed inset-x-4 top-1/3 z-50 mx-auto grid max-w-md animate-rise gap-3 rounded-3xl bg-surface p-6 shadow-float">
          <AlertDialog.Title className="text-xl">{title}</AlertDialog.Title>
          <AlertDialog.Description className="text-muted">{children}</AlertDialog.Description>
          {state instanceof Error && (
            <p role="alert" className="text-sm font-medium text-danger">
              {state.message}
            </p>
          )}
          <div className="mt-3 flex justify-end gap-3">
            <AlertDialog.Cancel className={buttonStyle("quiet")}>Cancel</AlertDialog.Cancel>
            <Button look="danger" busy={state === "busy"} onClick={() => void confirm()}>
              {verb}
            </Button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
