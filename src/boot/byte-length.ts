/** Limits that kernels count in bytes, of a text that counts characters. */

function width(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x1_0000 ? 3 : 4;
}

/** Characters of the longest beginning that takes at most `bytes` bytes in UTF-8. */
export function fittingLength(text: string, bytes: number): number {
  let [length, used] = [0, 0];
  for (const character of text) {
    used += width(character);
    if (used > bytes) break;
    length += character.length;
  }
  return length;
}
