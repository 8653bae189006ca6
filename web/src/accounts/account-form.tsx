"use client";

import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Button } from "@/ui/button";
import { Input } from "@/ui/field";
import { errorsOf, FormError, useErrorFocus } from "@/ui/form";

type Field<Name extends string> = {
  name: Name;
  label: string;
  type: "email" | "password" | "text";
  autoComplete: string;
  hint?: string;
};

type AccountFormProps<Name extends string> = {
  fields: readonly Field<Name>[];
  submit: string;
  onSubmit: (given: Record<Name, string>) => Promise<void>;
  children?: ReactNode;
};

/** A short form of single lines, each with its own errors. */
export function AccountForm<Name extends string>(props: AccountFormProps<Name>) {
  const { fields, submit, onSubmit, children } = props;
  const blank = Object.fromEntries(fields.map(({ name }) => [name, ""])) as Record<Name, string>;
  const [given, setGiven] = useState(blank);
  const send = useMutation({ mutationFn: onSubmit });
  const form = useErrorFocus(send.error);
  const errors = errorsOf(send.error);

  function handle(event: React.SubmitEvent) {
    event.preventDefault();
    if (!send.isPending) send.mutate(given, { onSuccess: () => setGiven(blank) });
  }

  return (
    <form ref={form} onSubmit={handle} noValidate className="grid gap-5">
      <FormError error={send.error} fields={fields.map(({ name }) => name)} />
      {fields.map((field) => (
        <Input
          key={field.name}
          {...field}
          value={given[field.name]}
          onChange={({ target }) => setGiven((all) => ({ ...all, [field.name]: target.value }))}
          errors={errors[field.name]}
        />
      ))}
      <Button type="submit" busy={send.isPending} className="mt-1">
        {submit}
      </Button>
      {children}
    </form>
  );
}
