/** Parts of a machine description by their paths, and the lines that they stand in. */

export type DescriptionPath = readonly (string | number)[];

/** `roots[0].slots[2].options`; the whole is `the description`. */
export function pathText(path: DescriptionPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text === '' ? 'the description' : text;
}

/** Lines of the descriptions that came from text. */
const sources = new WeakMap<object, (path: DescriptionPath) => number | undefined>();

/** The line, from 1, of the nearest part that the text has. */
export function lineOf(description: unknown, path: DescriptionPath): number | undefined {
  if (typeof description !== 'object' || description === null) return undefined;
  return sources.get(description)?.(path);
}

/** Says where the parts of a description stand in its text. */
export function rememberLines(
  description: object,
  line: (path: DescriptionPath) => number | undefined,
): void {
  sources.set(description, line);
}
