/** Refusals of the program's view: functions that somebody else drives, and what a machine does not give. */
import { OpenslotError, type PciAddress } from '../../pci/index.js';

/** Somebody drives the function already. */
export class FunctionInUseError extends OpenslotError {
  readonly code = 'FUNCTION_IN_USE';
  constructor(address: PciAddress, user: string, next = `openslot claim ${String(address)}`) {
    super(`${address} is in use by ${user}`, { address: String(address), user }, next);
  }
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
