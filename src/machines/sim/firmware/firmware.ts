/** What firmware does to a machine before software gets it: numbers, addresses, interrupt lines, decoding. */
import type { Endpoint } from '../device/endpoint.js';
import { assignAddresses } from './addresses.js';
import { assignBusNumbers } from './bus-numbers.js';
import type { Planned, PlannedRoot, Refuse } from './plan.js';

const COMMAND = 0x04;
const IO = 0x1;
const MEMORY = 0x2;
const MASTER = 0x4;
const INTERRUPT_LINE = 0x3c;
const FIRST_BAR = 0x10;
const BARS_END = 0x28;

/** @throws {MachineDescriptionError} */
export function startMachine(
  roots: readonly PlannedRoot[],
  lineOf: (endpoint: Endpoint) => number | undefined,
  refuse: Refuse,
): void {
  assignBusNumbers(roots, refuse);
  assignAddresses(roots, refuse);
  for (const { children } of roots) switchOn(children, lineOf);
}

/** Devices decode and bridges pass everything; bus mastering of a device is for its driver to switch on. */
function switchOn(children: readonly Planned[], lineOf: (endpoint: Endpoint) => number | undefined): void {
  for (const child of children) {
    if (child.kind === 'bridge') {
      child.bridge.configWrite(COMMAND, 2, IO | MEMORY | MASTER);
      switchOn(child.children, lineOf);
    } else {
      const { endpoint } = child;
      endpoint.configWrite(INTERRUPT_LINE, 1, lineOf(endpoint) ?? 0);
      endpoint.configWrite(COMMAND, 2, IO | MEMORY);
    }
  }
}

/** What firmware wrote into one function, to write it again into one that was put in afresh. */
export function rememberFunction(endpoint: Endpoint): () => void {
  const bars: number[] = [];
  for (let offset = FIRST_BAR; offset < BARS_END; offset += 4) bars.push(endpoint.configRead(offset, 4));
  const line = endpoint.configRead(INTERRUPT_LINE, 1);
  return () => {
    for (const [index, value] of bars.entries()) endpoint.configWrite(FIRST_BAR + 4 * index, 4, value);
    endpoint.configWrite(INTERRUPT_LINE, 1, line);
    endpoint.configWrite(COMMAND, 2, IO | MEMORY);
  };
}
