/** GRUB's /etc/default/grub: a script of the shell that grub-mkconfig runs for the variables that it sets. */
import type { ByteText } from '../boot-file.js';
import { EXPANSION, readShell, type ShellCommand, type ShellWord } from './shell-words.js';

export interface GrubAssignment {
  readonly name: string;
  /** The whole word, with the name. */
  readonly word: ShellWord;
  /** Characters of the word before its value: the name and the `=`. */
  readonly prefix: number;
  readonly value: ByteText;
  /** It stands in an `if`, a loop or a function, or depends on what ran before it. */
  readonly conditional: boolean;
}

export interface GrubDefaults {
  readonly text: ByteText;
  readonly assignments: readonly GrubAssignment[];
  /** Everything else that is run, in order; words that stand behind assignments are a command with these set. */
  readonly others: readonly ShellCommand[];
  /** Where a quote begins that has no end. */
  readonly unclosed: number | undefined;
}

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=/;
const OPENING: ReadonlySet<string> = new Set(['if', 'for', 'while', 'until', 'case', '{']);
const CLOSING: ReadonlySet<string> = new Set(['fi', 'done', 'esac', '}']);
/** What commands of `if` and loops begin with. */
const KEYWORDS: ReadonlySet<string> = new Set([...OPENING, 'then', 'else', 'elif', 'do', '!']);

export function readGrubDefaults(text: ByteText): GrubDefaults {
  const { commands, unclosed } = readShell(text);
  const assignments: GrubAssignment[] = [];
  const others: ShellCommand[] = [];
  let depth = 0;
  let before: ShellCommand | undefined;
  for (const command of commands) {
    let words = command.words;
    for (let first = words[0]; first !== undefined; first = words[0]) {
      const word = text.slice(first.start, first.end);
      if (CLOSING.has(word)) depth = Math.max(0, depth - 1);
      if (OPENING.has(word)) depth++;
      if (!KEYWORDS.has(word) && word !== 'export') break;
      words = words.slice(1);
    }
    const simple = command.operator !== 'other' && before?.operator !== 'other';
    const given = words.map((word) => assignmentOf(word, text, depth > 0 || !simple));
    const all = given.filter((assignment) => assignment !== undefined);
    if (all.length === words.length && command.operator !== 'other') assignments.push(...all);
    else others.push(command);
    before = command;
  }
  return { text, assignments, others, unclosed };
}

function assignmentOf(word: ShellWord, text: ByteText, conditional: boolean): GrubAssignment | undefined {
  // With quotes or an expansion in its name it is no assignment.
  const [prefix = '', name = ''] = ASSIGNMENT.exec(text.slice(word.start, word.end)) ?? [];
  if (name === '') return undefined;
  return { name, word, prefix: prefix.length, value: word.value.slice(prefix.length), conditional };
}

/** The last one of a name, which counts. */
export function assignmentNamed({ assignments }: GrubDefaults, name: string): GrubAssignment | undefined {
  return assignments.filter((assignment) => assignment.name === name).at(-1);
}

/** Characters; the kernel takes some thousands, and a value that doubles itself would have no end. */
const LONGEST_VALUE = 64 * 1024;

/** What the variables come to in the end; what only the shell knows, or what is too long, stays an {@link EXPANSION}. */
export function valuesOf({ assignments }: GrubDefaults): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const { name, value, word } of assignments) {
    let index = 0;
    let { length } = value;
    const expanded = value.replaceAll(EXPANSION, () => {
      const variable = word.expansions[index++];
      const known = variable === undefined ? EXPANSION : (values.get(variable) ?? '');
      length += known.length;
      return length > LONGEST_VALUE ? EXPANSION : known;
    });
    values.set(name, expanded);
  }
  return values;
}

/** What the kernel of each kind of menu entry is given (grub.d/10_linux and 20_linux_xen of GRUB 2). */
export function kernelArguments(values: ReadonlyMap<string, string>): {
  readonly linux: string;
  readonly xenLinux: string;
} {
  const of = (name: string) => values.get(name) ?? '';
  const either = (replacing: string, name: string) => (of(replacing) === '' ? of(name) : of(replacing));
  return {
    linux: `${of('GRUB_CMDLINE_LINUX')} ${of('GRUB_CMDLINE_LINUX_DEFAULT')}`,
    xenLinux: `${either('GRUB_CMDLINE_LINUX_XEN_REPLACE', 'GRUB_CMDLINE_LINUX')} ${either(
      'GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT',
      'GRUB_CMDLINE_LINUX_DEFAULT',
    )}`,
  };
}
