/** This host's own functions, as a dump. */
import { LinuxMachine } from '../../../src/machines/linux/index.js';
import { dumpOfMachine } from './capture-of.js';
import type { SpaceSource } from './source.js';

export function hostSpaces(): {
  readonly sources: readonly SpaceSource[];
  readonly remarks: readonly string[];
} {
  using machine = new LinuxMachine();
  const dump = dumpOfMachine(machine);
  return dump === ''
    ? { sources: [], remarks: ['this host has no PCI functions'] }
    : { sources: [{ kind: 'host', name: 'as a dump', dump, decodingOnly: false }], remarks: [] };
}
