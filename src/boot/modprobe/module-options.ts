/** The options of a module, as modprobe hands them over and the kernel's parse_args cuts them. */

export interface ModuleOption {
  /** As the kernel compares names: `-` and `_` are one character. */
  readonly name: string;
  /** Without the quotes around it; undefined where no `=` stands. */
  readonly value: string | undefined;
  /** Characters from the beginning of the text that was read. */
  readonly start: number;
  readonly end: number;
  /** Of the value, inside of its quotes. */
  readonly valueStart: number;
  /** A quote has no partner: everything to the end belongs to this option. */
  readonly unclosed: boolean;
}

/** White space of the kernel's isspace; kmod has made tabs into spaces by then. */
const SPACE = /[\t-\r \xa0]/;

/** Modules and options: the kernel takes both characters for one. */
export function withUnderscores(name: string): string {
  return name.replaceAll('-', '_');
}

/** Cut at white space outside of double quotes. Never fails. */
export function moduleOptions(text: string): readonly ModuleOption[] {
  const options: ModuleOption[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && SPACE.test(text.charAt(at))) at++;
    if (at === text.length) return options;
    const start = at;
    let inQuotes = false;
    for (; at < text.length && (inQuotes || !SPACE.test(text.charAt(at))); at++)
      if (text.charAt(at) === '"') inQuotes = !inQuotes;
    options.push(optionOf(text.slice(start, at), start, inQuotes));
  }
}

function optionOf(written: string, start: number, unclosed: boolean): ModuleOption {
  const end = start + written.length;
  // Quotes may stand around the whole or around the value.
  const whole = written.startsWith('"') ? 1 : 0;
  const from = written.slice(whole);
  const equals = from.indexOf('=');
  if (equals <= 0) {
    const name = withUnderscores(whole === 1 ? from.replace(/"$/, '') : from);
    return { name, value: undefined, start, end, valueStart: end, unclosed };
  }
  const quoted = from.charAt(equals + 1) === '"' ? 1 : 0;
  let value = from.slice(equals + 1 + quoted);
  if ((quoted === 1 || whole === 1) && value.endsWith('"')) value = value.slice(0, -1);
  return {
    name: withUnderscores(from.slice(0, equals)),
    value,
    start,
    end,
    valueStart: start + whole + equals + 1 + quoted,
    unclosed,
  };
}
