/** Refusals of the program's view: functions that somebody else drives, and what a machine does not give. */
import { OpenslotError, type PciAddress } from '../../pci/index.js';

/** Somebody drives the function already: a driver of the host, a guest, or this program. */
export class FunctionDrivenError extends OpenslotError {
  readonly code = 'FUNCTION_DRIVEN';
  constructor(address: PciAddress, user: string, next = wayToFree(user, address)) {
    super(`${address} is driven by ${user}`, { address: String(address), user }, next);
  }
}

/** How a function comes free of who drives it, in words. */
export function wayToFree(user: string, address: PciAddress): string {
  if (user === 'this program')
    return 'release the function that this program opened before, then open it again';
  if (user.startsWith('process')) return 'end the program first';
  return user.startsWith('driver')
    ? `openslot claim ${address}`
    : `openslot detach ${user.replace('guest ', '')} ${address}`;
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
