import clsx from "clsx";

const HUES = [222, 60, 165, 300, 20, 265, 130, 345] as const;

type AvatarProps = { person: { id: string; name: string }; className?: string };

/** The first letter of a name, on a colour that stays the same person's everywhere. */
export function Avatar({ person, className }: AvatarProps) {
  const hue = HUES[hash(person.id) % HUES.length] ?? HUES[0];
  return (
    <span
      aria-hidden="true"
      style={{
        backgroundColor: `light-dark(oklch(0.92 0.05 ${hue}), oklch(0.36 0.06 ${hue}))`,
        color: `light-dark(oklch(0.38 0.1 ${hue}), oklch(0.92 0.05 ${hue}))`,
      }}
      className={clsx(
        "grid shrink-0 place-items-center rounded-full font-display font-bold uppercase select-none",
        className ?? "size-10 text-base",
      )}
    >
      {Array.from(person.name)[0] ?? "?"}
    </span>
  );
}

function hash(text: string): number {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return sum;
}
