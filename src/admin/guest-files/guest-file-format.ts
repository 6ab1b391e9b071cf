/** A format of files from which guests are started: what it says of their functions, and how it is edited. */
import type { BootFileKind, ByteText } from '../../boot/index.js';
import type { SpecTarget, XlSpec } from '../../pci/index.js';

/** One function, or all of a device, that a file gives to its guest. */
export interface GuestFileEntry {
  /** Undefined where the real reader refuses what stands there. */
  readonly target: SpecTarget | undefined;
  /** For people: as it stands there, or what it comes to. */
  readonly text: string;
  /** Whether an edit can take it away; else why not. */
  readonly fixed?: string;
}

export interface GuestFileFormat {
  /** Before the file's name, where `attach` and `detach` take a guest. */
  readonly prefix: string;
  readonly kind: BootFileKind;
  /** @throws {OpenslotError} the file is not of this format. `source` is its name, for errors. */
  entries(text: ByteText, source: string): readonly GuestFileEntry[];
  /** Why the format, or we, do not write it, and what to do instead; undefined where it is written. */
  refusal(spec: XlSpec): { readonly why: string; readonly next: string } | undefined;
  /** Whether an entry of the same function says what the specification says. */
  says(entry: GuestFileEntry, spec: XlSpec): boolean;
  add(text: ByteText, spec: XlSpec, source: string): ByteText;
  /** Takes away all entries of exactly this target. */
  remove(text: ByteText, target: SpecTarget, source: string): ByteText;
  /** What makes it count, a command each. */
  afterwards(file: string, way: 'attach' | 'detach'): readonly string[];
}

/** Whether both are the same function, the same device or the same name. */
export function sameTarget(a: SpecTarget, b: SpecTarget): boolean {
  if (a.kind === 'name' || b.kind === 'name')
    return a.kind === b.kind && 'name' in a && 'name' in b && a.name === b.name;
  return a.kind === b.kind && a.address.equals(b.address);
}

/** Whether some function is of both. Which one a name stands for, the file does not say. */
export function targetsOverlap(a: SpecTarget, b: SpecTarget): boolean {
  if (sameTarget(a, b)) return true;
  if (a.kind === 'name' || b.kind === 'name' || (a.kind === 'function' && b.kind === 'function'))
    return false;
  const { domain, bus, device } = a.address;
  return domain === b.address.domain && bus === b.address.bus && device === b.address.device;
}
