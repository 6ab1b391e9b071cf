/** How functions are hidden in one kind of file, and the check that its reader does then what the file says. */
import type { PciAddress } from '../pci/index.js';
import {
  editText,
  lineAndColumn,
  placesIn,
  type BootFileKind,
  type BootFinding,
  type ByteText,
} from './boot-file.js';
import type { TextEdit } from './boot-file.js';
import { BootFileLimitError } from './errors.js';

/** A function by what systems know it. */
export interface HiddenFunction {
  readonly address: PciAddress;
  /** 16 bits each; undefined where the function is not there to be asked. */
  readonly ids: { readonly vendor: number; readonly device: number } | undefined;
}

/** Its edits are pure; {@link hiddenText} makes them, and has the reader of the file check the result. */
export interface HideEditor {
  readonly kind: BootFileKind;
  /** Whether the file hides the function, as its real reader reads it. @throws {BootFileUneditableError} */
  hides(text: ByteText, which: HiddenFunction): boolean;
  /** @throws {OpenslotError} the file has no place for it, or no way to say it. */
  hide(text: ByteText, functions: readonly HiddenFunction[]): readonly TextEdit[];
  /** What `hide` did, taken back. @throws {OpenslotError} */
  unhide(text: ByteText, functions: readonly HiddenFunction[]): readonly TextEdit[];
}

/**
 * The text in which the functions are hidden, or no longer are; the same text where they were already.
 * @throws {BootFileLimitError} the reader would not do it.
 * @throws {OpenslotError} there is no edit for it.
 */
export function hiddenText(
  editor: HideEditor,
  text: ByteText,
  functions: readonly HiddenFunction[],
  way: 'hide' | 'unhide' = 'hide',
): ByteText {
  const edits = editor[way](text, functions);
  const after = editText(text, edits);
  const wrong = edits.length === 0 ? [] : newErrors(editor.kind, text, after, edits);
  if (wrong.length > 0)
    throw new BootFileLimitError(
      editor.kind.name,
      editor.kind.reader,
      wrong.map((finding) => findingLine(after, finding)),
    );
  const left = functions.filter((which) => editor.hides(after, which) !== (way === 'hide'));
  if (left.length > 0)
    throw new BootFileLimitError(
      editor.kind.name,
      editor.kind.reader,
      left.map(({ address }) => `${address} would ${way === 'hide' ? 'not be hidden' : 'stay hidden'}`),
    );
  return after;
}

/** Errors that the edits make, and those that stand in the lines that they touch. */
function newErrors(
  kind: BootFileKind,
  before: ByteText,
  after: ByteText,
  edits: readonly TextEdit[],
): readonly BootFinding[] {
  const errors = (text: ByteText) => kind.lint(text).filter(({ severity }) => severity === 'error');
  const known = errors(before).map(({ code }) => code);
  const touched = touchedLines(edits, after);
  const placeOf = placesIn(after);
  return errors(after).filter((finding) => {
    const index = known.indexOf(finding.code);
    if (index !== -1) known.splice(index, 1);
    return index === -1 || touched.has(placeOf(finding.offset).line);
  });
}

function touchedLines(edits: readonly TextEdit[], after: ByteText): ReadonlySet<number> {
  const lines = new Set<number>();
  const placeOf = placesIn(after);
  let shift = 0;
  for (const { offset, length, text } of edits.toSorted((a, b) => a.offset - b.offset)) {
    const start = offset + shift;
    const first = placeOf(start).line;
    const last = placeOf(start + text.replace(/\n$/, '').length).line;
    for (let line = first; line <= last; line++) lines.add(line);
    shift += text.length - length;
  }
  return lines;
}

function findingLine(text: ByteText, { code, offset, what, effect }: BootFinding): string {
  const { line, column } = lineAndColumn(text, offset);
  return `line ${line}, column ${column}: ${code}: ${what}; ${effect}`;
}
