/** What the compliance cases check with, and how they get hold of a function. */
import { CommandBit, Header, OpenslotError } from '../../pci/index.js';
import { changeCommand } from '../command.js';
import type { PciFunction } from '../function.js';
import type { ComplianceSubject } from './subject.js';

/** A machine does not do what the port demands. */
export class ComplianceFailure extends Error {}

export function equal<T>(what: string, actual: T, expected: T): void {
  if (!Object.is(actual, expected)) {
    throw new ComplianceFailure(`${what}: expected ${String(expected)}, got ${String(actual)}`);
  }
}

export function holds(what: string, condition: boolean): asserts condition {
  if (!condition) throw new ComplianceFailure(what);
}

function codeOf(error: unknown): string {
  return error instanceof OpenslotError ? error.code : String(error);
}

export function refuses(what: string, code: string, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    equal(`${what}: code`, codeOf(error), code);
    return;
  }
  throw new ComplianceFailure(`${what}: was not refused with ${code}`);
}

export async function rejects(what: string, code: string, action: Promise<unknown>): Promise<void> {
  const outcome = await action.then(
    () => 'nothing',
    (error: unknown) => codeOf(error),
  );
  equal(`${what}: refused with`, outcome, code);
}

/** Opens the function for the time of `use`, which may be asynchronous. */
export function withFunction<T>({ machine, address }: ComplianceSubject, use: (fn: PciFunction) => T): T {
  const fn = machine.open(address);
  let result: T;
  try {
    result = use(fn);
  } catch (error) {
    fn.close();
    throw error;
  }
  if (!(result instanceof Promise)) {
    fn.close();
    return result;
  }
  return result.finally(() => {
    fn.close();
  }) as T;
}

/** As {@link withFunction}, with decoding and bus mastering on; Command is as before afterwards. */
export async function withMaster<T>(
  subject: ComplianceSubject,
  use: (fn: PciFunction) => T | Promise<T>,
): Promise<T> {
  return withFunction(subject, async (fn) => {
    const before = fn.config.read(Header.command, 2);
    fn.setEnabled(true);
    changeCommand(fn.config, CommandBit.busMaster);
    try {
      return await use(fn);
    } finally {
      // What was switched on by the host's own accounting is switched off by it; a second view does it after a close.
      withFunction(subject, (again) => {
        again.setEnabled(false);
        again.config.write(Header.command, 2, before);
      });
    }
  });
}
