/** Edits of a kernel's arguments: functions put onto the hide list in them, or taken off it. */
import { onlyAddress, patternMatches, patternOf, patternText } from './hide-pattern.js';
import type { PciAddress } from '../pci/index.js';
import type { ByteText, TextEdit } from './boot-file.js';
import { HideListUnsoundError } from './errors.js';
import { hideGrammars } from './hide-dialects.js';
import { hideListIn, hideOptionIn } from './hide-list-in-file.js';
import { isSound, type HideDialect, type HideList } from './hide-list.js';

/** What the arguments hide, as the kernel reads them; nothing where the option is not there. */
export function hidesInArguments(dialect: HideDialect, args: ByteText): HideList['claims'] {
  return hideOptionIn(dialect, args) === undefined ? [] : hideListIn(dialect, args).claims;
}

/**
 * Puts functions onto the list, or gives the arguments the option, at their end. Offsets count from the beginning of the
 * arguments. Those that are hidden already need no edit. `before` is put before a new option.
 * @throws {HideListUnsoundError} the list that is there does not do what it says.
 * @throws {HideListLimitError} the system has no way to say it.
 */
export function addToHideList(
  dialect: HideDialect,
  args: ByteText,
  addresses: readonly PciAddress[],
  before = args === '' ? '' : ' ',
): readonly TextEdit[] {
  const grammar = hideGrammars[dialect];
  const list = soundList(dialect, args);
  const claims = list?.claims ?? [];
  const missing = addresses.filter((address) => !claims.some((claim) => patternMatches(claim, address)));
  if (missing.length === 0) return [];
  const text = grammar.format(missing.map(patternOf));
  const last = list?.elements.at(-1);
  if (last !== undefined) return [{ offset: last.position + last.text.length, length: 0, text }];
  const end = args.replace(/[ \t\r]+$/, '').length;
  return [{ offset: end, length: 0, text: `${before}${grammar.option}${text}` }];
}

/**
 * Takes functions off the list; with its last one the option goes, with the blank before it.
 * @throws {HideListUnsoundError}
 * @returns undefined where a wildcard hides one of them, with others that shall stay.
 */
export function removeFromHideList(
  dialect: HideDialect,
  args: ByteText,
  addresses: readonly PciAddress[],
): readonly TextEdit[] | undefined {
  const list = soundList(dialect, args);
  const option = hideOptionIn(dialect, args);
  if (list === undefined || option === undefined) return [];
  const named = new Set(addresses.map((address) => patternText(patternOf(address))));
  const going = list.elements.filter(({ pattern }) => pattern && named.has(patternText(pattern)));
  const staying = list.elements.filter((element) => !going.includes(element));
  const isCaught = staying.some(
    ({ pattern }) =>
      pattern !== undefined &&
      onlyAddress(pattern) === undefined &&
      addresses.some((address) => patternMatches(pattern, address)),
  );
  if (isCaught) return undefined;
  if (going.length === 0) return [];
  if (staying.length > 0)
    return going.map(({ position, text }) => ({ offset: position, length: text.length, text: '' }));
  const end = option.start + option.text.length;
  if (option.start > 0) return [{ offset: option.start - 1, length: end - option.start + 1, text: '' }];
  return [{ offset: 0, length: args.charAt(end) === ' ' ? end + 1 : end, text: '' }];
}

/** @throws {HideListUnsoundError} */
function soundList(dialect: HideDialect, args: ByteText): HideList | undefined {
  if (hideOptionIn(dialect, args) === undefined) return undefined;
  const list = hideListIn(dialect, args);
  // An empty list would go as a whole with what is added to it.
  if (!isSound(list) || list.elements.length === 0) throw new HideListUnsoundError(list);
  return list;
}
