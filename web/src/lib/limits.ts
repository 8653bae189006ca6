/** How much the server takes, in characters. */
export const LIMITS = { title: 255, text: 10_000, comment: 5_000, name: 150 } as const;
