/** The command line of a Linux kernel, cut into its options as the kernel cuts it (lib/cmdline.c, next_arg). */

/** A part of a line, with its place: characters from the beginning. */
export interface LineToken {
  readonly text: string;
  readonly start: number;
}

/** Options end at white space outside of double quotes; `--` ends them all, what follows is for the first program. */
export function linuxTokens(line: string): readonly LineToken[] {
  const tokens: LineToken[] = [];
  for (const { 0: text, index } of line.matchAll(/(?:[^\t-\r "]|"[^"]*(?:"|$))+/g)) {
    if (text === '--') break;
    tokens.push({ text, start: index });
  }
  return tokens;
}

export interface KernelOption {
  /** With `_` for every `-`: to the kernel the two are one in names of parameters. */
  readonly name: string;
  /** Without quotes around it; undefined for an option that is a word alone. */
  readonly value: string | undefined;
  /** As it stands on the line. */
  readonly text: string;
}

/** `/proc/cmdline`, for instance. */
export class KernelOptions {
  readonly all: readonly KernelOption[];

  constructor(line: string) {
    this.all = linuxTokens(line).map(({ text }) => optionOf(text));
  }

  /** Every time that the option stands there, in order; of most options the last one counts. */
  named(name: string): readonly KernelOption[] {
    return this.all.filter((option) => option.name === name);
  }

  has(name: string): boolean {
    return this.named(name).length > 0;
  }

  /** Words of all values of the option, which has commas between them. */
  words(name: string): readonly string[] {
    return this.named(name).flatMap(({ value = '' }) => value.split(',').filter((word) => word !== ''));
  }
}

function optionOf(text: string): KernelOption {
  // Quotes may stand around all of it, or around the value.
  const bare = text.startsWith('"') ? text.slice(1).replace(/"$/, '') : text;
  const equals = bare.indexOf('=');
  const name = (equals < 0 ? bare : bare.slice(0, equals)).replaceAll('-', '_');
  if (equals < 0) return { name, value: undefined, text };
  return { name, value: bare.slice(equals + 1).replace(/^"(.*?)"?$/, '$1'), text };
}
