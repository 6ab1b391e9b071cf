/** Refusals of the program's view: functions that somebody else drives, and what a machine does not give. */
import { OpenslotError, type PciAddress } from '../../pci/index.js';

/** Somebody drives the function already: a driver of the host, a guest, or this program. */
export class FunctionDrivenError extends OpenslotError {
  readonly code = 'FUNCTION_DRIVEN';
  constructor(address: PciAddress, user: string, next = wayToFree(address, user)) {
    super(`${address} is driven by ${user}`, { address: String(address), user }, next);
  }
}

/** How a function comes free of who drives it, in words. */
export function wayToFree(address: PciAddress, user: string): string {
  if (user === 'this program')
    return 'release the function that this program opened before, then open it again';
  if (user.startsWith('process')) return 'end the program first';
  if (user.startsWith('driver ')) return `openslot claim ${address}`;
  if (/^(guest |qmp:)/.test(user)) return `openslot detach ${user.replace('guest ', '')} ${address}`;
  return 'wait until it has ended';
}

/** The machine gives a program no interrupts, or no DMA, for this function. */
export class CapabilityAbsentError extends OpenslotError {
  readonly code: 'INTERRUPTS_ABSENT' | 'DMA_ABSENT';
  constructor(code: CapabilityAbsentError['code'], address: PciAddress, machine: string) {
    const what = code === 'DMA_ABSENT' ? 'DMA memory' : 'interrupts';
    super(
      `the machine ${machine} gives programs no ${what} for ${address}`,
      { address: String(address), machine },
      machine === 'linux'
        ? `openslot claim ${String(address)} --for vfio`
        : 'a program that opens the simulated machine itself has them: docs/registers.md',
    );
    this.code = code;
  }
}

/** A BAR that the function does not have. */
export class BarAbsentError extends OpenslotError {
  readonly code = 'BAR_ABSENT';
  constructor(address: PciAddress, bar: number, present: readonly string[]) {
    super(
      `${address} has no BAR ${bar}; it has ${present.length === 0 ? 'none' : present.join(', ')}`,
      { address: String(address), bar, present },
      `openslot show ${String(address)}`,
    );
  }
}
