/** What giving functions to a guest by its file, or taking them back, changes in the file. */
import { lineAndColumn, type BootFinding, type ByteText } from '../../boot/index.js';
import type { Change } from '../../change/index.js';
import { formatSpecTarget, notations, type XlSpec } from '../../pci/index.js';
import { replacement, standingFile, type StandingFile } from '../files/index.js';
import {
  GuestFileAbsentError,
  GuestFileHasFunctionError,
  GuestFileLacksFunctionError,
  GuestFileSpecError,
  GuestFileUnsoundError,
} from './errors.js';
import { sameTarget, targetsOverlap, type GuestFileFormat } from './guest-file-format.js';

export interface GuestFileWish {
  readonly way: 'attach' | 'detach';
  readonly format: GuestFileFormat;
  readonly file: string;
  /** Of detach only the targets count. */
  readonly specs: readonly XlSpec[];
}

export interface GuestFilePlan {
  /** Without steps where the file says it already. */
  readonly change: Change;
  readonly file: StandingFile;
  readonly after: ByteText;
  /** What makes it count; nothing where nothing changes. */
  readonly afterwards: readonly string[];
}

/**
 * Looks, and changes nothing: the whole edit or none of it.
 * @throws {OpenslotError} the file is not of the format, cannot say it, or its reader would not do it.
 */
export function planGuestFile({ way, format, file: named, specs }: GuestFileWish): GuestFilePlan {
  const file = standingFile(named);
  const before = file.contents;
  if (before === null) throw new GuestFileAbsentError(named);
  const edit = way === 'attach' ? withFunction : withoutFunction;
  const after = specs.reduce((text, spec) => edit(text, spec, format, named), before);
  refuseUnsound(named, format, before, after);
  const place = `${format.prefix}:${named}`;
  const targets = specs.map(({ target }) => formatSpecTarget(target)).join(' ');
  return {
    change: {
      what: `${way} ${place} ${targets}`,
      steps: after === before ? [] : [replacement(file, after)],
    },
    file,
    after,
    afterwards: after === before ? [] : format.afterwards(named, way),
  };
}

/** What stands there already as it was asked for is left. */
function withFunction(text: ByteText, spec: XlSpec, format: GuestFileFormat, file: string): ByteText {
  const refusal = format.refusal(spec);
  const target = formatSpecTarget(spec.target);
  if (refusal !== undefined)
    throw new GuestFileSpecError(file, notations.xlSpec.format(spec), refusal.why, refusal.next);
  const there = format
    .entries(text, file)
    .find((entry) => entry.target !== undefined && targetsOverlap(entry.target, spec.target));
  if (there?.target === undefined) return format.add(text, spec, file);
  if (sameTarget(there.target, spec.target) && format.says(there, spec)) return text;
  throw new GuestFileHasFunctionError(
    file,
    target,
    there.text,
    `openslot detach ${format.prefix}:${file} ${formatSpecTarget(there.target)}; then attach it`,
  );
}

function withoutFunction(
  text: ByteText,
  { target }: XlSpec,
  format: GuestFileFormat,
  file: string,
): ByteText {
  const entries = format.entries(text, file);
  const named = formatSpecTarget(target);
  const going = entries.filter(
    (entry) =>
      entry.target !== undefined &&
      // All of a device: entries of its functions, too.
      (target.kind === 'device' ? targetsOverlap(entry.target, target) : sameTarget(entry.target, target)),
  );
  const fixed = going.find((entry) => entry.fixed !== undefined);
  if (fixed?.fixed !== undefined) throw new GuestFileHasFunctionError(file, named, fixed.text, fixed.fixed);
  if (going.length > 0)
    return going.reduce(
      (left, entry) => (entry.target === undefined ? left : format.remove(left, entry.target, file)),
      text,
    );
  const wider = entries.find((entry) => entry.target !== undefined && targetsOverlap(entry.target, target));
  if (wider?.target !== undefined)
    throw new GuestFileHasFunctionError(
      file,
      named,
      `${wider.text}, with all functions of its device`,
      `openslot detach ${format.prefix}:${file} ${formatSpecTarget(wider.target)}`,
    );
  throw new GuestFileLacksFunctionError(
    file,
    named,
    entries.map((entry) => entry.text),
  );
}

/** Errors that the edit brings; those that were there are the file's own. */
function refuseUnsound(file: string, { kind }: GuestFileFormat, before: ByteText, after: ByteText): void {
  const textOf = (text: ByteText, { code, offset, length }: BootFinding) =>
    `${code} ${text.slice(offset, offset + length)}`;
  const old = new Set(kind.lint(before).map((finding) => textOf(before, finding)));
  const brought = kind
    .lint(after)
    .filter((finding) => finding.severity === 'error' && !old.has(textOf(after, finding)));
  if (brought.length === 0) return;
  throw new GuestFileUnsoundError(
    file,
    kind.reader,
    brought.map(({ code, offset, what, effect }) => {
      const { line, column } = lineAndColumn(after, offset);
      return `line ${line}, column ${column}, ${code}: ${what}; ${effect}`;
    }),
  );
}
