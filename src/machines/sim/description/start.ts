/** What firmware does to this machine before software gets it: numbers, addresses, interrupt lines, decoding. */
import { CapabilityId, CommandBit, Header } from '../../../pci/index.js';
import type { Endpoint } from '../device/endpoint.js';
import { assignAddresses, assignBusNumbers, type Refuse } from '../../firmware/index.js';
import { HOST_WINDOWS } from '../bus/address-space.js';
import type { Built, BuiltRoot } from './planned.js';

const DECODE = CommandBit.io | CommandBit.memory;

/** @throws {MachineDescriptionError} */
export function startMachine(
  roots: readonly BuiltRoot[],
  lineOf: (endpoint: Endpoint) => number | undefined,
  refuse: Refuse,
): void {
  assignBusNumbers(roots, refuse);
  assignAddresses(roots, HOST_WINDOWS, refuse);
  for (const { children } of roots) switchOn(children, lineOf);
}

/** Devices decode and bridges pass everything; bus mastering of a device is for its driver to switch on. */
function switchOn(children: readonly Built[], lineOf: (endpoint: Endpoint) => number | undefined): void {
  for (const child of children) {
    if (child.kind === 'bridge') {
      child.registers.configWrite(Header.command, 2, DECODE | CommandBit.busMaster);
      switchOn(child.children, lineOf);
    } else {
      const { registers: endpoint } = child;
      endpoint.configWrite(Header.interruptLine, 1, lineOf(endpoint) ?? 0);
      endpoint.configWrite(Header.command, 2, DECODE);
      reportErrors(endpoint);
    }
  }
}

/** What firmware wrote into one function, to write it again into one that was put in afresh. */
export function rememberFunction(endpoint: Endpoint): () => void {
  const bars: number[] = [];
  for (let offset = Header.firstBar; offset < Header.barsEnd; offset += 4)
    bars.push(endpoint.configRead(offset, 4));
  const line = endpoint.configRead(Header.interruptLine, 1);
  return () => {
    for (const [index, value] of bars.entries()) endpoint.configWrite(Header.firstBar + 4 * index, 4, value);
    endpoint.configWrite(Header.interruptLine, 1, line);
    endpoint.configWrite(Header.command, 2, DECODE);
    reportErrors(endpoint);
  };
}

/** Device control allows error messages of all severities, and of unsupported requests. */
const DEVICE_CONTROL = 8;
const ALL_ERRORS = 0xf;

function reportErrors(endpoint: Endpoint): void {
  const express = endpoint.capability(CapabilityId.pcie);
  if (express === undefined || endpoint.shape.express?.aer !== true) return;
  const at = express + DEVICE_CONTROL;
  endpoint.configWrite(at, 2, endpoint.configRead(at, 2) | ALL_ERRORS);
}
