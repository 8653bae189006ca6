/**
 * Compress what `next build` exported, once and as well as can be. Beside each file that gets
 * smaller come a `.br` (RFC 7932) and a `.gz` (RFC 1952), which the web server sends as asked for.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const OUT = new URL("out", import.meta.url).pathname;
const TEXT = /\.(css|html|js|json|map|svg|txt)$/;
/** What saves less than a twentieth is not worth a second file. */
const WORTH = 0.95;

const brotli = (text) =>
  brotliCompressSync(text, {
    params: {
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
    },
  });
const gzip = (text) => gzipSync(text, { level: constants.Z_BEST_COMPRESSION });

for (const entry of readdirSync(OUT, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !TEXT.test(entry.name)) continue;
  const file = join(entry.parentPath, entry.name);
  const text = readFileSync(file);
  for (const [suffix, compress] of [
    [".br", brotli],
    [".gz", gzip],
  ]) {
    const smaller = compress(text);
    if (smaller.length < text.length * WORTH) writeFileSync(file + suffix, smaller);
  }
}
