import clsx from "clsx";
import { useId, type ComponentProps } from "react";

type Shared = {
  label: string;
  errors?: readonly string[] | undefined;
  hint?: string;
  /**
   * How many characters the server takes. Shown, but not enforced: cutting off what somebody
   * pastes would lose their words without a word.
   */
  limit?: number;
};

const BOX =
  "w-full rounded-xl bg-surface px-4 text-ink ring-1 ring-inset ring-edge transition-shadow placeholder:text-muted " +
  "hover:ring-ink focus-visible:ring-2 focus-visible:ring-brand focus-visible:outline-none " +
  "aria-invalid:ring-danger";

type InputProps = Shared & ComponentProps<"input">;

export function Input({ label, errors, hint, limit, className, ...props }: InputProps) {
  const field = useField(errors, hint);
  return (
    <Frame
      label={label}
      field={field}
      errors={errors}
      hint={hint}
      used={{ text: props.value, limit }}
    >
      <input {...props} {...field.aria} className={clsx(BOX, "h-12", className)} />
    </Frame>
  );
}

type TextAreaProps = Shared & ComponentProps<"textarea">;

export function TextArea({ label, errors, hint, limit, className, ...props }: TextAreaProps) {
  const field = useField(errors, hint);
  return (
    <Frame
      label={label}
      field={field}
      errors={errors}
      hint={hint}
      used={{ text: props.value, limit }}
    >
      <textarea
        {...props}
        {...field.aria}
        className={clsx(
          BOX,
          "field-sizing-content min-h-28 resize-y py-3 leading-relaxed",
          className,
        )}
      />
    </Frame>
  );
}

type FieldIds = ReturnType<typeof useField>;

function useField(errors: readonly string[] | undefined, hint: string | undefined) {
  const id = useId();
  const wrong = errors !== undefined && errors.length > 0;
  const note = wrong ? `${id}-error` : hint === undefined ? undefined : `${id}-hint`;
  return {
    id,
    aria: {
      id,
      "aria-invalid": wrong || undefined,
      "aria-describedby": note,
    },
  };
}

type Used = { text: unknown; limit: number | undefined };

type FrameProps = {
  label: string;
  field: FieldIds;
  errors: readonly string[] | undefined;
  hint: string | undefined;
  used: Used;
  children: React.ReactNode;
};

function Frame({ label, field: { id }, errors = [], hint, used, children }: FrameProps) {
  return (
    <div className="grid gap-1.5">
      <div className="flex items-baseline justify-between gap-4">
        <label htmlFor={id} className="text-sm font-semibold">
          {label}
        </label>
        <Counter {...used} />
      </div>
      {children}
      {hint !== undefined && errors.length === 0 && (
        <p id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </p>
      )}
      {errors.length > 0 && (
        <p id={`${id}-error`} className="text-sm font-medium text-danger">
          {errors.join(" ")}
        </p>
      )}
    </div>
  );
}

function Counter({ text, limit }: Used) {
  if (typeof text !== "string" || limit === undefined) return null;
  const length = characters(text);
  const look = length > limit ? "font-semibold text-danger" : "text-muted";
  return (
    <span className={clsx("text-xs tabular-nums", look)}>
      {length.toLocaleString("en")} of {limit.toLocaleString("en")}
    </span>
  );
}

/** Characters as the server counts them, of which one may take two of JavaScript's. */
function characters(text: string): number {
  return Array.from(text).length;
}
