/** A process that gives a name to the one disk of a machine, and stops at each look at the machine until it is told to go on. */
import { once } from 'node:events';
import { FunctionNames, machineSource, NameFolder } from '../../../src/admin/names/index.js';
import { parseMachine, SimMachine } from '../../../src/machines/sim/index.js';
import { at, refusal } from './moved-machines.js';

const DISK = 'roots: [{bus: 0, slots: [{slot: "01", model: nvme, dsn: 00-1b-21-ff-ff-00-00-01}]}]';

/** What it tells, in order: `look` before each look, then the end. */
export type NamingReport = 'look' | 'given' | { readonly refused: string };

const [, , folder = '', name = ''] = process.argv;
const tell = (report: NamingReport) => process.send?.(report);

using machine = new SimMachine(parseMachine(DISK));
const source = machineSource(machine, { list: () => [] });
const names = new FunctionNames(new NameFolder(folder), {
  ...source,
  functions: async () => {
    const told = once(process, 'message');
    tell('look');
    await told;
    return source.functions();
  },
});
const giving = names.give(name, at('00:01.0'));
await giving.then(
  () => tell('given'),
  async () => tell({ refused: (await refusal(giving)).code }),
);
process.disconnect();
