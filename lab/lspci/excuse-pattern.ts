/**
 * The words of an excuse: literal text, and in braces what varies. `{+}` is a flag's sign, `{d}` a decimal and `{x}` a
 * hexadecimal number, `{Off|On}` one of those words; nothing else can be left open, so no rule can swallow a line.
 */

const SLOTS: Readonly<Record<string, string>> = {
  '+': '[+-]',
  d: '\\d+',
  x: '[0-9a-f]+',
};

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** A regular expression of words; each slot is a group of it. */
export function expressionOf(words: string): string {
  return words.replaceAll(/\{([^{}]+)\}|[^{}]+/g, (literal, slot: string | undefined) => {
    if (slot === undefined) return escaped(literal);
    return `(${SLOTS[slot] ?? slot.split('|').map(escaped).join('|')})`;
  });
}

/** The same for a place that is only looked for and stays as it is: `{…}` may be anything up to the line's end. */
export function placeOf(words: string): string {
  return words
    .split('{…}')
    .map((part) => expressionOf(part).replaceAll('(', '(?:').replaceAll('\\(?:', '\\('))
    .join('.*?');
}

/** Words with what the slots had: `{1}`, or `{1:02x}` of a decimal number. */
export function filled(words: string, slots: readonly string[]): string {
  return words.replaceAll(/\{(\d)(?::0(\d)x)?\}/g, (_, index: string, digits: string | undefined) => {
    const slot = slots[Number(index) - 1] ?? '';
    return digits === undefined ? slot : Number(slot).toString(16).padStart(Number(digits), '0');
  });
}
