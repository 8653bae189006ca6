"use client";

import Link from "next/link";
import { usePathname, useSearchParams } from "next/navigation";
import { useEffect, useRef } from "react";

import { ApiError, type FieldErrors } from "@/api/errors";

/** For a form: when it has failed, the first field to put right is where one goes on. */
export function useErrorFocus(error: Error | null) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error === null) return;
    form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [error]);
  return form;
}

/** The errors of a failed request, by field. */
export function errorsOf(error: Error | null): FieldErrors {
  return error instanceof ApiError ? error.fields : {};
}

type FormErrorProps = {
  error: Error | null;
  /** The fields of the form, which show their own errors. */
  fields: readonly string[];
};

/** Says what went wrong with a form as a whole, and what to do. */
export function FormError({ error, fields }: FormErrorProps) {
  if (error === null) return null;
  const said = errorsOf(error);
  if (said[""] === undefined && fields.some((name) => said[name] !== undefined)) return null;
  const elsewhere = Object.entries(said).flatMap(([name, messages]) =>
    name === "" || fields.includes(name) ? [] : messages,
  );
  return (
    <div role="alert" className="rounded-xl bg-sunken px-4 py-3 text-sm font-medium text-danger">
      {[error.message, ...elsewhere].join(" ")}
      {error instanceof ApiError && error.status === 401 && <SignInAgain />}
    </div>
  );
}

function SignInAgain() {
  return (
    <>
      {" "}
      <Link href={useSignInHref()} className="underline underline-offset-4">
        Sign in
      </Link>
    </>
  );
}

/** Where to sign in, and come back here from. */
export function useSignInHref(): string {
  const pathname = usePathname();
  const query = useSearchParams().toString();
  const here = query === "" ? pathname : `${pathname}?${query}`;
  return here === "/" ? "/signin/" : `/signin/?next=${encodeURIComponent(here)}`;
}
