import "@fontsource-variable/bricolage-grotesque";
import "@fontsource-variable/figtree";
import "./globals.css";

import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";

import { Shell } from "@/shell/shell";
import { themeScript } from "@/ui/theme";

import { Providers } from "./providers";

export const metadata: Metadata = {
  description: "Write, and hear at once when someone answers.",
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f4f8fa" },
    { media: "(prefers-color-scheme: dark)", color: "#0a151d" },
  ],
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    // The script below sets the theme before React comes, which must not mind.
    <html lang="en" suppressHydrationWarning>
      <head>
        <script dangerouslySetInnerHTML={{ __html: themeScript }} />
      </head>
      <body>
        <Providers>
          <Shell>{children}</Shell>
        </Providers>
      </body>
    </html>
  );
}
