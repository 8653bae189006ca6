import type { NextConfig } from "next";
import { PHASE_DEVELOPMENT_SERVER } from "next/constants";

const DJANGO = "http://127.0.0.1:8000";

/** Pages are exported as files, which Django serves: one origin for pages, API and cookies. */
const exported: NextConfig = { output: "export", trailingSlash: true };

/** `next dev` stands in front of Django instead, and hands it what it owns. */
const development: NextConfig = {
  trailingSlash: true,
  skipTrailingSlashRedirect: true, // allauth's addresses end without a slash, the API's with one
  rewrites: () =>
    Promise.resolve([
      { source: "/api/:path*/", destination: `${DJANGO}/api/:path*/` },
      { source: "/_allauth/:path*", destination: `${DJANGO}/_allauth/:path*` },
    ]),
};

export default function config(phase: string): NextConfig {
  return phase === PHASE_DEVELOPMENT_SERVER ? development : exported;
}
