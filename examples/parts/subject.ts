/**
 * The function that an example drives: that of `node dist/examples/NAME.js MACHINE [ADDRESS [FILE]]`, or of a simulated
 * machine of its own without arguments. What imports an example gets its functions and runs nothing.
 */
import { fileURLToPath } from 'node:url';
import type { FunctionSummary, PciFunction } from 'openslot/function';
import { openMachine } from 'openslot/machines';
import { parseMachine, SimMachine } from 'openslot/machines/sim';
import { notations } from 'openslot/pci';

export interface Subject {
  /** How to know it where nobody names its address. */
  readonly is: (summary: FunctionSummary) => boolean;
  /** A machine that has one. */
  readonly simulated: string;
}

export async function runExample(
  module: string,
  subject: Subject,
  drive: (
    fn: PciFunction,
    how: { readonly ours: boolean; readonly file: string | undefined },
  ) => Promise<void>,
): Promise<void> {
  const [, program, machineName, address, file] = process.argv;
  if (program === undefined || fileURLToPath(module) !== program) return;
  using machine =
    machineName === undefined
      ? new SimMachine(parseMachine(subject.simulated))
      : await openMachine(machineName);
  const wanted = address === undefined ? undefined : notations.hex.parse(address);
  const found = machine.list().find((summary) => wanted?.equals(summary.address) ?? subject.is(summary));
  if (found === undefined) throw new Error(`${machine.name} has no function that this example drives`);
  using fn = machine.open(found.address);
  await drive(fn, { ours: machineName === undefined, file });
}
