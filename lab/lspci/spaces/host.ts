/** This host's own functions, as a dump. */
import { captureMachine } from '../../../src/function/index.js';
import { formatDump } from '../../../src/machines/capture/index.js';
import { LinuxMachine } from '../../../src/machines/linux/index.js';
import type { SpaceSource } from './source.js';

/** None where the host has no PCI functions. */
export function hostSpaces(): readonly SpaceSource[] {
  using machine = new LinuxMachine();
  const capture = captureMachine(machine);
  if (capture.functions.length === 0) return [];
  return [{ kind: 'host', name: 'as a dump', dump: formatDump(capture), decodingOnly: false }];
}
