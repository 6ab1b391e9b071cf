/** Functions hidden in an /etc/default/grub: from domain 0 by xen-pciback's list, or by their kind for vfio-pci. */
import { addLines, isAddedLine, removeLines } from '../added-lines.js';
import { lineAndColumn, type ByteText, type TextEdit } from '../boot-file.js';
import { BootFileUneditableError } from '../errors.js';
import type { HiddenFunction, HideEditor } from '../hide-editor.js';
import { addToHideList, hidesInArguments, removeFromHideList } from '../hide-list-edit.js';
import { hideOptionIn } from '../hide-list-in-file.js';
import { patternMatches } from '../hide-pattern.js';
import { hideGrammars } from '../hide-dialects.js';
import { grubDefaults, valueSpan } from './grub-defaults-lint.js';
import {
  assignmentNamed,
  kernelArguments,
  readGrubDefaults,
  valuesOf,
  type GrubAssignment,
  type GrubDefaults,
} from './grub-defaults.js';
import type { Quoting } from './shell-words.js';
import { vfioIdOptions, vfioIdText } from './vfio-ids.js';

const DEFAULT = 'GRUB_CMDLINE_LINUX_DEFAULT';
const XEN_DEFAULT = 'GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT';
/** Where the option may stand, the most particular first. */
const XEN_VARIABLES = [XEN_DEFAULT, 'GRUB_CMDLINE_LINUX_XEN_REPLACE', DEFAULT, 'GRUB_CMDLINE_LINUX'];

function refusal(text: ByteText, { word }: GrubAssignment, why: string): BootFileUneditableError {
  return new BootFileUneditableError(grubDefaults.name, why, lineAndColumn(text, word.start).line);
}

/** Edits of a variable's value as edits of the file, quoted as what stands around them. @throws {BootFileUneditableError} */
function inFile(text: ByteText, assignment: GrubAssignment, edits: readonly TextEdit[]): readonly TextEdit[] {
  const { word, prefix, conditional } = assignment;
  if (conditional && edits.length > 0)
    throw refusal(text, assignment, `${assignment.name} is set only if something else is so`);
  return edits.map(({ offset, length, text: added }) => {
    const around = word.quoting.slice(prefix + offset, prefix + offset + length + 1);
    const quoting = around[0] ?? 'none';
    if (around.some((each) => each !== quoting))
      throw refusal(text, assignment, 'quotes begin or end inside of the option');
    return { ...valueSpan(assignment, offset, offset + length), text: quoted(added, quoting) };
  });
}

/** Hide lists and ids have no quotes, dollars or backslashes. */
function quoted(text: string, quoting: Quoting): string {
  return quoting === 'none' ? text.replace(/[^\w.,:=-]/g, (character) => `\\${character}`) : text;
}

function lineOf(
  text: ByteText,
  { word }: GrubAssignment,
): { readonly start: number; readonly text: ByteText } {
  const start = text.lastIndexOf('\n', word.start - 1) + 1;
  const end = text.indexOf('\n', word.end);
  return { start, text: text.slice(start, end === -1 ? text.length : end + 1) };
}

/** The variable whose list counts. */
function withOption(defaults: GrubDefaults): GrubAssignment | undefined {
  return XEN_VARIABLES.map((name) => assignmentNamed(defaults, name)).find(
    (assignment) => assignment !== undefined && hideOptionIn('linux', assignment.value) !== undefined,
  );
}

/** Under Xen these arguments replace the others, so a line that is added takes them over. */
export const xenGrubHide: HideEditor = {
  kind: grubDefaults,
  hides: (text, { address }) =>
    hidesInArguments('linux', kernelArguments(valuesOf(readGrubDefaults(text))).xenLinux).some((claim) =>
      patternMatches(claim, address),
    ),
  hide: (text, functions) => {
    const missing = functions.filter((which) => !xenGrubHide.hides(text, which));
    if (missing.length === 0) return [];
    const addresses = missing.map(({ address }) => address);
    const defaults = readGrubDefaults(text);
    const replacing = assignmentNamed(defaults, XEN_DEFAULT);
    const target = withOption(defaults) ?? (replacing?.value === '' ? undefined : replacing);
    if (target !== undefined) return inFile(text, target, addToHideList('linux', target.value, addresses));
    const [option] = addToHideList('linux', '', addresses);
    return [addLines(text, [`${XEN_DEFAULT}="$${DEFAULT} ${option?.text ?? ''}"`])];
  },
  unhide: (text, functions) => {
    const target = withOption(readGrubDefaults(text));
    if (target === undefined) return [];
    const addresses = functions.map(({ address }) => address);
    const edits = removeFromHideList('linux', target.value, addresses);
    if (edits === undefined)
      throw refusal(text, target, 'a wildcard hides it, with other functions that are to stay hidden');
    const line = lineOf(text, target);
    const isEmptied = edits.some(({ offset, length }) =>
      target.value.slice(offset, offset + length).includes(hideGrammars.linux.option),
    );
    return isEmptied && isAddedLine(line.text) ? removeLines(text, [line]) : inFile(text, target, edits);
  },
};

function idsOf({ address, ids }: HiddenFunction): string {
  if (ids === undefined)
    throw new BootFileUneditableError(
      grubDefaults.name,
      `${address} is not there, and vfio-pci.ids= names functions by the ids of their kind`,
    );
  return vfioIdText(ids);
}

/** The options of each variable that Linux is given without Xen. */
function idOptions(defaults: GrubDefaults) {
  return ['GRUB_CMDLINE_LINUX', DEFAULT].flatMap((name) => {
    const assignment = assignmentNamed(defaults, name);
    return assignment === undefined
      ? []
      : vfioIdOptions(assignment.value).map((option) => ({ assignment, option }));
  });
}

/** By their kind, so that every function of the same ids goes with them. */
export const vfioGrubHide: HideEditor = {
  kind: grubDefaults,
  hides: (text, { ids }) => {
    const options = vfioIdOptions(kernelArguments(valuesOf(readGrubDefaults(text))).linux);
    const entries = options.at(-1)?.entries ?? [];
    return (
      ids !== undefined && entries.some((entry) => entry.ids && vfioIdText(entry.ids) === vfioIdText(ids))
    );
  },
  hide: (text, functions) => {
    const missing = functions.filter((which) => !vfioGrubHide.hides(text, which));
    const added = [...new Set(missing.map(idsOf))].join(',');
    if (added === '') return [];
    const defaults = readGrubDefaults(text);
    const last = idOptions(defaults).at(-1);
    if (last !== undefined)
      return inFile(text, last.assignment, [
        { offset: last.option.end, length: 0, text: last.option.entries.length === 0 ? added : `,${added}` },
      ]);
    const target = assignmentNamed(defaults, DEFAULT);
    if (target === undefined) return [addLines(text, [`${DEFAULT}="vfio-pci.ids=${added}"`])];
    const end = target.value.replace(/[ \t\r]+$/, '').length;
    const option = `${target.value === '' ? '' : ' '}vfio-pci.ids=${added}`;
    return inFile(text, target, [{ offset: end, length: 0, text: option }]);
  },
  unhide: (text, functions) => {
    const going = new Set(functions.map(idsOf));
    const last = idOptions(readGrubDefaults(text)).at(-1);
    if (last === undefined) return [];
    const { assignment, option } = last;
    const leaving = option.entries.filter(({ ids }) => ids !== undefined && going.has(vfioIdText(ids)));
    if (leaving.length === 0) return [];
    const line = lineOf(text, assignment);
    const isAll = leaving.length === option.entries.length;
    if (isAll && isAddedLine(line.text)) return removeLines(text, [line]);
    if (isAll) {
      const start = Math.max(0, option.start - 1);
      return inFile(text, assignment, [{ offset: start, length: option.end - start, text: '' }]);
    }
    const staying = option.entries.filter((entry) => !leaving.includes(entry)).map((entry) => entry.text);
    const length = option.end - option.valueStart;
    return inFile(text, assignment, [{ offset: option.valueStart, length, text: staying.join(',') }]);
  },
};
