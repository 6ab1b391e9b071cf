/** What a lint says in short: each code, and the text that it is about. */
import type { BootFileKind } from '../../src/boot/index.js';

/** `CODE "text"`, in order. */
export function lintCodes(kind: BootFileKind, text: string, path?: string): readonly string[] {
  return kind
    .lint(text, path)
    .map(({ code, offset, length }) => `${code} ${JSON.stringify(text.slice(offset, offset + length))}`);
}
