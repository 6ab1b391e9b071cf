/** The option `vfio-pci.ids=` of Linux: kinds of devices that vfio-pci takes when it starts. */
import { idsText } from '../../pci/index.js';
import type { ByteText } from '../boot-file.js';
import type { BootRules } from '../boot-rule.js';

/** What vfio-pci does with a list of ids that is not right. */
export const VFIO_IDS_RULES = {
  IDS_MALFORMED: {
    severity: 'error',
    what: 'it is not of the form VVVV:DDDD, hexadecimal',
    effect: 'vfio-pci warns ("invalid id string") and skips it',
  },
  IDS_REPEATED: {
    severity: 'error',
    what: 'the option comes again later',
    effect: 'the later list replaces this one',
  },
} as const satisfies BootRules;

/** One kind in the list, at its place in the arguments that the option stands in. */
export interface VfioId {
  readonly start: number;
  readonly text: ByteText;
  /** 16 bits each; undefined where the kernel cannot read it, and skips it. */
  readonly ids: { readonly vendor: number; readonly device: number } | undefined;
}

export interface VfioIdsOption {
  readonly start: number;
  readonly end: number;
  /** Of the value. */
  readonly valueStart: number;
  readonly entries: readonly VfioId[];
}

const OPTION = /(?:^|[\t-\r ])(vfio[-_]pci\.ids=)([^\t-\r ]*)/g;
/** As vfio_pci_fill_ids has sscanf read it: two numbers at least. */
const ENTRY = /^[\t-\r ]*([0-9a-f]{1,8}):([0-9a-f]{1,8})(?![0-9a-f])/i;

/** All of them, in order: each later one replaces the earlier. */
export function vfioIdOptions(args: ByteText): readonly VfioIdsOption[] {
  return [...args.matchAll(OPTION)].map(({ 0: whole, 1: name = '', 2: value = '', index }) => {
    const end = index + whole.length;
    const valueStart = end - value.length;
    return { start: valueStart - name.length, end, valueStart, entries: entriesOf(value, valueStart) };
  });
}

function entriesOf(value: ByteText, valueStart: number): readonly VfioId[] {
  let start = valueStart;
  const entries: VfioId[] = [];
  for (const text of value.split(',')) {
    const [, vendor, device] = ENTRY.exec(text) ?? [];
    const ids =
      vendor === undefined || device === undefined
        ? undefined
        : { vendor: Number.parseInt(vendor, 16), device: Number.parseInt(device, 16) };
    if (text !== '') entries.push({ start, text, ids });
    start += text.length + 1;
  }
  return entries;
}

/** `8086:10d3` */
export function vfioIdText({ vendor, device }: { readonly vendor: number; readonly device: number }): string {
  return idsText(vendor, device);
}
