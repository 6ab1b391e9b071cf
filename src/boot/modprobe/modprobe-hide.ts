/** Functions hidden in a file of modprobe.d: by the options of xen-pciback or vfio-pci, which they read when they are loaded. */
import type { ByteText } from '../boot-file.js';
import { BootFileUneditableError, HideListUnsoundError } from '../errors.js';
import { vfioIdText } from '../grub/vfio-ids.js';
import type { HiddenFunction, HideEditor } from '../hide-editor.js';
import { hideGrammars } from '../hide-dialects.js';
import { isSound, type HideList } from '../hide-list.js';
import { onlyAddress, patternMatches, patternOf } from '../hide-pattern.js';
import { optionsOf, setModuleOption } from './modprobe-edit.js';
import { modprobeFile } from './modprobe-lint.js';

const XEN = { module: 'xen-pciback', option: 'hide' } as const;
const VFIO = { module: 'vfio-pci', option: 'ids' } as const;

function valueOf(text: ByteText, { module, option }: typeof XEN | typeof VFIO): string | undefined {
  return optionsOf(text, module)
    .filter(({ name }) => name === option)
    .at(-1)?.value;
}

/** @throws {HideListUnsoundError} */
function soundList(text: ByteText): HideList | undefined {
  const value = valueOf(text, XEN);
  if (value === undefined) return undefined;
  const list = hideGrammars.linux.parse(value);
  if (!isSound(list) || list.elements.length === 0) throw new HideListUnsoundError(list);
  return list;
}

export const xenModprobeHide: HideEditor = {
  kind: modprobeFile,
  hides: (text, { address }) =>
    hideGrammars.linux.parse(valueOf(text, XEN) ?? '').claims.some((claim) => patternMatches(claim, address)),
  hide: (text, functions) => {
    const list = soundList(text);
    const claims = list?.claims ?? [];
    const missing = functions.filter(
      ({ address }) => !claims.some((claim) => patternMatches(claim, address)),
    );
    if (missing.length === 0) return [];
    const added = hideGrammars.linux.format(missing.map(({ address }) => patternOf(address)));
    return setModuleOption(text, XEN.module, XEN.option, `${list?.value ?? ''}${added}`);
  },
  unhide: (text, functions) => {
    const list = soundList(text);
    if (list === undefined) return [];
    const isNamed = (pattern: HideList['claims'][number] | undefined) => {
      const address = pattern === undefined ? undefined : onlyAddress(pattern);
      return address !== undefined && functions.some((which) => which.address.equals(address));
    };
    const staying = list.elements.filter(({ pattern }) => !isNamed(pattern));
    if (staying.length === list.elements.length) return [];
    const value = staying.map((element) => element.text).join('');
    return setModuleOption(text, XEN.module, XEN.option, value === '' ? undefined : value);
  },
};

function idsOf({ address, ids }: HiddenFunction): string {
  if (ids === undefined)
    throw new BootFileUneditableError(
      modprobeFile.name,
      `${address} is not there, and the option ids of vfio-pci names functions by the ids of their kind`,
    );
  return vfioIdText(ids);
}

function listed(text: ByteText): readonly string[] {
  return (valueOf(text, VFIO) ?? '').split(',').filter((entry) => entry !== '');
}

/** By their kind, so that every function of the same ids goes with them. */
export const vfioModprobeHide: HideEditor = {
  kind: modprobeFile,
  hides: (text, { ids }) =>
    ids !== undefined && listed(text).some((entry) => entry.toLowerCase() === vfioIdText(ids)),
  hide: (text, functions) => {
    const missing = functions.filter((which) => !vfioModprobeHide.hides(text, which)).map(idsOf);
    if (missing.length === 0) return [];
    return setModuleOption(text, VFIO.module, VFIO.option, [...listed(text), ...new Set(missing)].join(','));
  },
  unhide: (text, functions) => {
    const going = functions.map(idsOf);
    const all = listed(text);
    const staying = all.filter((entry) => !going.includes(entry.toLowerCase()));
    if (staying.length === all.length) return [];
    return setModuleOption(
      text,
      VFIO.module,
      VFIO.option,
      staying.length === 0 ? undefined : staying.join(','),
    );
  },
};
