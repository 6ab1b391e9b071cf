/** Commands of a shell, cut into words as POSIX does it, each character of a word with its place in the text. */
import type { ByteText } from '../boot-file.js';

/** How a character stands in the text. */
export type Quoting = 'none' | 'single' | 'double';

export interface ShellWord {
  readonly start: number;
  readonly end: number;
  /** What the word means; each expansion stands as one {@link EXPANSION}. */
  readonly value: ByteText;
  /** Where each character of the value begins in the text, and one more: where a character at the end would. */
  readonly offsets: readonly number[];
  /** How what is put before each character of the value is quoted, and what is put at the end. */
  readonly quoting: readonly Quoting[];
  /** Names of the variables of plain expansions, in order; undefined for a substitution. */
  readonly expansions: readonly (string | undefined)[];
}

/** Stands in a word's value for what only the shell knows. */
export const EXPANSION = '\x7f';

/** What stands between words. */
export type ShellOperator = 'line end' | ';' | 'other';

export interface ShellCommand {
  readonly start: number;
  readonly end: number;
  readonly words: readonly ShellWord[];
  /** Behind the last word. */
  readonly operator: ShellOperator;
  readonly operatorAt: number;
}

export interface ShellText {
  readonly text: ByteText;
  readonly commands: readonly ShellCommand[];
  /** Where a quote or a substitution begins that has no end. */
  readonly unclosed: number | undefined;
}

export interface ShellGrammar {
  /** Characters that end a word, besides blanks and line ends. */
  readonly operators: string;
}

export const POSIX_SHELL: ShellGrammar = { operators: ';&|()<>' };
/** The language of grub.cfg: parentheses are those of devices, and belong to words. */
export const GRUB_SCRIPT: ShellGrammar = { operators: ';&|<>{}' };

const NAME = /[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]/y;

class Reader {
  readonly commands: ShellCommand[] = [];
  unclosed: number | undefined;
  readonly #text: ByteText;
  readonly #operators: string;
  #at = 0;
  #words: ShellWord[] = [];
  #start: number | undefined;

  constructor(text: ByteText, { operators }: ShellGrammar) {
    this.#text = text;
    this.#operators = operators;
  }

  readAll(): void {
    const text = this.#text;
    while (this.#at < text.length) {
      const character = text.charAt(this.#at);
      if (character === ' ' || character === '\t') this.#at++;
      else if (text.startsWith('\\\n', this.#at)) this.#at += 2;
      else if (character === '#') this.#at = this.#lineEnd();
      else if (character === '\n') this.#endCommand('line end', 1);
      else if (character === ';') this.#endCommand(';', 1);
      else if (this.#operators.includes(character)) this.#endCommand('other', 1);
      else {
        this.#start ??= this.#at;
        this.#words.push(this.#word());
      }
    }
    this.#endCommand('line end', 0);
  }

  #lineEnd(): number {
    const found = this.#text.indexOf('\n', this.#at);
    return found === -1 ? this.#text.length : found;
  }

  #endCommand(operator: ShellOperator, length: number): void {
    if (this.#words.length > 0 || operator === 'other')
      this.commands.push({
        start: this.#start ?? this.#at,
        end: this.#words.at(-1)?.end ?? this.#at,
        words: this.#words,
        operator,
        operatorAt: this.#at,
      });
    this.#words = [];
    this.#start = undefined;
    this.#at += length;
  }

  #word(): ShellWord {
    const text = this.#text;
    const start = this.#at;
    let value = '';
    const offsets: number[] = [];
    const quotings: Quoting[] = [];
    const expansions: (string | undefined)[] = [];
    let quoting: Quoting = 'none';
    let opened = start;
    const take = (meaning: string, length: number) => {
      value += meaning;
      offsets.push(this.#at);
      quotings.push(quoting);
      this.#at += length;
    };
    while (this.#at < text.length) {
      const character = text.charAt(this.#at);
      if (quoting === 'single') {
        if (character === "'") {
          quoting = 'none';
          this.#at++;
        } else take(character, 1);
      } else if (quoting === 'none' && (' \t\n'.includes(character) || this.#operators.includes(character)))
        break;
      else if (character === '\\') {
        const next = text.charAt(this.#at + 1);
        if (next === '\n') this.#at += 2;
        else if (next === '' || (quoting === 'double' && !'$`"\\'.includes(next))) take('\\', 1);
        else take(next, 2);
      } else if (character === '"' || (character === "'" && quoting === 'none')) {
        if (quoting === 'none') opened = this.#at;
        quoting = quoting === 'double' ? 'none' : character === '"' ? 'double' : 'single';
        this.#at++;
      } else if (character === '`' || character === '$') {
        const { length, name } = this.#expansion();
        if (length === 1 && character === '$') take('$', 1);
        else {
          expansions.push(name);
          take(EXPANSION, length);
        }
      } else take(character, 1);
    }
    if (quoting !== 'none') this.unclosed ??= opened;
    // A character at the end stands inside of a closing quote, if there is one.
    const last = text.charAt(this.#at - 1);
    const closed = quotings.at(-1) ?? this.#quotingOfEmpty(start, this.#at);
    const inside = closed !== 'none' && (last === '"' || last === "'");
    return {
      start,
      end: this.#at,
      value,
      offsets: [...offsets, inside ? this.#at - 1 : this.#at],
      quoting: [...quotings, inside ? closed : 'none'],
      expansions,
    };
  }

  /** Of `NAME=""` too: what is put there stands in the quotes. */
  #quotingOfEmpty(start: number, end: number): Quoting {
    const text = this.#text.slice(start, end);
    return text.endsWith('""') ? 'double' : text.endsWith("''") ? 'single' : 'none';
  }

  /** Of a `$` or a backquote: its length, and the variable where it is one alone. */
  #expansion(): { length: number; name: string | undefined } {
    const text = this.#text;
    const at = this.#at;
    if (text.charAt(at) === '`') return { length: this.#until('`', at + 1) - at, name: undefined };
    const next = text.charAt(at + 1);
    if (next === '{') {
      const length = this.#until('}', at + 2) - at;
      const name = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(text.slice(at, at + length))?.[1];
      return { length, name };
    }
    if (next === '(') return { length: this.#untilParenthesis(at + 2) - at, name: undefined };
    NAME.lastIndex = at + 1;
    const name = NAME.exec(text)?.[0];
    return name === undefined ? { length: 1, name } : { length: name.length + 1, name };
  }

  #until(closing: string, from: number): number {
    for (let at = from; at < this.#text.length; at++) {
      if (this.#text.charAt(at) === '\\') at++;
      else if (this.#text.charAt(at) === closing) return at + 1;
    }
    this.unclosed ??= this.#at;
    return this.#text.length;
  }

  /** Quotes in it are not looked into: what a substitution gives is not known anyway. */
  #untilParenthesis(from: number): number {
    let depth = 1;
    for (let at = from; at < this.#text.length; at++) {
      const character = this.#text.charAt(at);
      if (character === '(') depth++;
      else if (character === ')' && --depth === 0) return at + 1;
    }
    this.unclosed ??= this.#at;
    return this.#text.length;
  }
}

/** Never throws: what has no end is told. */
export function readShell(text: ByteText, grammar: ShellGrammar = POSIX_SHELL): ShellText {
  const reader = new Reader(text, grammar);
  reader.readAll();
  return { text, commands: reader.commands, unclosed: reader.unclosed };
}

/** The text that was read: the words, and what stands before, between and behind them. */
export function printShell({ text, commands }: ShellText): ByteText {
  let done = 0;
  let printed = '';
  for (const { start, end } of commands.flatMap(({ words }) => words)) {
    printed += text.slice(done, start) + text.slice(start, end);
    done = end;
  }
  return printed + text.slice(done);
}
