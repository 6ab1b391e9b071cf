/** Edits of a file of modprobe.d: options of modules and whole lines, with everything else left as it is. */
import type { ByteText, TextEdit } from '../boot-file.js';
import { UnwritableValueError } from '../errors.js';
import type { LogicalLine } from './logical-line.js';
import { readModprobe, type LinePart, type ModprobeLine } from './modprobe-file.js';
import { moduleOptions, withUnderscores, type ModuleOption } from './module-options.js';

const FILE = 'a file of modprobe.d';

/** An option that a file gives a module, with its line. */
export interface GivenOption extends ModuleOption {
  readonly line: LogicalLine;
  /** How many that line gives. */
  readonly ofLine: number;
}

/** All options that the file gives a module, in order: of one that comes again the last counts, for most modules. */
export function optionsOf(text: ByteText, module: string): readonly GivenOption[] {
  return optionLines(text, module).flatMap(({ line, rest }) => {
    const options = moduleOptions(rest.text);
    return options.map((option) => ({
      ...option,
      start: option.start + rest.start,
      end: option.end + rest.start,
      valueStart: option.valueStart + rest.start,
      line,
      ofLine: options.length,
    }));
  });
}

/**
 * Gives a module an option, or with `undefined` takes it away wherever it stands. A new one comes behind the others of the
 * module, or in a line of its own at the end; taking it away again leaves the file as it was.
 * @throws {UnwritableValueError}
 */
export function setModuleOption(
  text: ByteText,
  module: string,
  option: string,
  value: string | undefined,
): readonly TextEdit[] {
  const given = optionsOf(text, module).filter(({ name }) => name === withUnderscores(option));
  if (value === undefined) return withoutOptions(given);
  const written = assignment(option, value);
  const last = given.at(-1);
  if (last !== undefined)
    return last.value === value ? [] : [{ ...last.line.span(last.start, last.end), text: written }];
  const line = optionLines(text, module).at(-1);
  if (line === undefined) return [addition(text, `options ${module} ${written}`)];
  const end = line.rest.start + line.rest.text.trimEnd().length;
  return [{ offset: line.line.behind(end), length: 0, text: ` ${written}` }];
}

/** Adds a line at the end, unless one that says the same is there. @throws {UnwritableValueError} it is no single line. */
export function addModprobeLine(text: ByteText, command: string): readonly TextEdit[] {
  if (/[\n\0\\]/.test(command) || command.trim() === '')
    throw new UnwritableValueError(FILE, command, 'a line of it has no line ends, NULs or backslashes');
  return sameLines(text, command).length > 0 ? [] : [addition(text, command)];
}

/** Takes away the lines that say the same, however their words are apart. */
export function removeModprobeLine(text: ByteText, command: string): readonly TextEdit[] {
  return withoutLines(sameLines(text, command).map(({ line }) => line));
}

function optionLines(text: ByteText, module: string): readonly { line: LogicalLine; rest: LinePart }[] {
  return readModprobe(text).flatMap(({ line, meaning }) =>
    meaning.kind === 'command' && meaning.verb === 'options' && meaning.module === withUnderscores(module)
      ? [{ line, rest: meaning.rest }]
      : [],
  );
}

function sameLines(text: ByteText, command: string): readonly ModprobeLine[] {
  const words = (line: string) => line.trim().split(/[ \t]+/);
  const wanted = words(command).join(' ');
  return readModprobe(text).filter(
    ({ line, meaning }) => meaning.kind === 'command' && words(line.logical).join(' ') === wanted,
  );
}

/** Quotes only where white space needs them: kmod hands them to the kernel, which takes them off. */
function assignment(option: string, value: string): string {
  if (!/^[A-Za-z0-9_][\w.-]*$/.test(option))
    throw new UnwritableValueError(FILE, option, 'it is no name of an option');
  if (/[\n\0\\"]/.test(value))
    throw new UnwritableValueError(
      FILE,
      value,
      'values have no line ends, NULs, backslashes or double quotes',
    );
  return /\s/.test(value) ? `${option}="${value}"` : `${option}=${value}`;
}

/** Each with the blanks before it; a line that is left with none goes as a whole. */
function withoutOptions(given: readonly GivenOption[]): readonly TextEdit[] {
  const edits: TextEdit[] = [];
  const emptied: LogicalLine[] = [];
  for (const line of new Set(given.map((option) => option.line))) {
    const going = given.filter((option) => option.line === line);
    if (going[0]?.ofLine === going.length) emptied.push(line);
    else edits.push(...going.map(optionRemoval));
  }
  return [...edits, ...withoutLines(emptied)];
}

function optionRemoval({ line, start, end }: GivenOption): TextEdit {
  const offset = line.behind(line.logical.slice(0, start).trimEnd().length);
  const { offset: at, length } = line.span(start, end);
  return { offset, length: at + length - offset, text: '' };
}

/** A last line without an end takes the end of the one before with it: that is how it was added. */
function withoutLines(lines: readonly LogicalLine[]): readonly TextEdit[] {
  let done = 0;
  return lines.map(({ offset, end, closed }) => {
    const start = closed || offset === done ? offset : offset - 1;
    done = end;
    return { offset: start, length: end - start, text: '' };
  });
}

function addition(text: ByteText, command: string): TextEdit {
  const last = readModprobe(text).at(-1)?.line;
  if (last === undefined || last.closed) return { offset: text.length, length: 0, text: `${command}\n` };
  // Behind a backslash it would belong to the line before.
  if (text.endsWith('\\')) return { offset: 0, length: 0, text: `${command}\n` };
  return { offset: text.length, length: 0, text: `\n${command}` };
}
