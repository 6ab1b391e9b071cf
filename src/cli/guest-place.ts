/** What can stand where `attach` and `detach` name a guest: a guest of Xen, or `PREFIX:PLACE` of another tool's. */
import type { FindingName } from '../admin/index.js';
import type { CriticalChoice } from './critical-option.js';
import type { DryRunChoice } from './dry-run.js';
import type { MachineChoice } from './machine-option.js';

/** Options of `attach` and `detach` that not every guest has a meaning for. */
const OWN_OPTIONS = ['bus', 'evenIfCritical', 'force', 'policy'] as const;

export type OwnOption = (typeof OWN_OPTIONS)[number];

/** Options of `attach` as a place gets them. */
export interface PlaceAttachOptions extends MachineChoice, CriticalChoice, DryRunChoice {
  readonly allow: readonly FindingName[];
  readonly force?: boolean;
  readonly json?: boolean;
  /** Id of the bus in a virtual machine of QEMU. */
  readonly bus?: string;
}

export interface PlaceDetachOptions extends MachineChoice, DryRunChoice {
  readonly force?: boolean;
  readonly json?: boolean;
}

/** One kind of guest outside of Xen. Both print what they did, as data where `json` says so. */
export interface GuestPlace {
  /** What it is, in the plural: "virtual machines". */
  readonly called: string;
  /** What it has a meaning for; others are refused before it is asked. */
  readonly attachOptions: readonly OwnOption[];
  readonly detachOptions: readonly OwnOption[];
  /** `place` is what stands behind the prefix; `specs` are as they were typed, with addresses for names, and parse as xl's. */
  attach(place: string, specs: readonly string[], options: PlaceAttachOptions): Promise<void>;
  detach(place: string, specs: readonly string[], options: PlaceDetachOptions): Promise<void>;
}

/** By prefix. Loaded when one is named, as commands are. */
const PLACES: Readonly<Record<string, () => Promise<GuestPlace>>> = {
  qmp: async () => (await import('./qmp-place.js')).qmpPlace,
  xl: async () => {
    const [{ guestFilePlace }, { xlFile }] = await Promise.all([
      import('./guest-file-place.js'),
      import('../admin/guest-files/index.js'),
    ]);
    return guestFilePlace(xlFile);
  },
  libvirt: async () => {
    const [{ guestFilePlace }, { libvirtFile }] = await Promise.all([
      import('./guest-file-place.js'),
      import('../admin/guest-files/index.js'),
    ]);
    return guestFilePlace(libvirtFile);
  },
};

/** The place that a text names; undefined for the name or id of a guest of Xen. */
export function placeNamed(
  text: string,
): { readonly place: string; readonly load: () => Promise<GuestPlace> } | undefined {
  const colon = text.indexOf(':');
  const prefix = text.slice(0, Math.max(colon, 0));
  const load = Object.hasOwn(PLACES, prefix) ? PLACES[prefix] : undefined;
  return load === undefined ? undefined : { place: text.slice(colon + 1), load };
}

/** What a guest of this kind has no meaning for, of {@link OWN_OPTIONS}. */
export function optionsBut(meant: readonly OwnOption[]): readonly OwnOption[] {
  return OWN_OPTIONS.filter((name) => !meant.includes(name));
}
