/** Refusals about a function's files, told to whoever owns the machine; a program gets an errno. */
import { OpenslotError, type PciAddress } from '../../pci/index.js';
import type { Holder } from './shared-device.js';

/** A function cannot be given back: a program has its files open. */
export class FunctionInUseError extends OpenslotError {
  readonly code = 'FUNCTION_IN_USE';
  constructor(address: PciAddress, holders: readonly Holder[]) {
    const named = holders.map(({ file, pid }) => `${file} (process ${pid})`).join(', ');
    super(
      `files of ${address} are open: ${named}`,
      {
        address: String(address),
        files: holders.map(({ file }) => file),
        pids: holders.map(({ pid }) => String(pid)),
      },
      'end the programs that have them open',
    );
  }
}

/** A function that was named has a driver, or is a bridge: it has no files. */
export class FunctionNotFreeError extends OpenslotError {
  readonly code = 'FUNCTION_NOT_FREE';
  constructor(address: PciAddress, why: string, next: string) {
    super(`${address} has no files: ${why}`, { address: String(address), why }, next);
  }
}
