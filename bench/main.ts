/** `npm run bench`: the figures that the README quotes, each beside its peer in one run. */
import { parseArgs } from 'node:util';
import { runCommand } from '../lab/command.js';
import { LabFailure } from '../lab/failure.js';
import { measureLocal } from './local.js';
import { measureLspci } from './lspci.js';
import { measureProto } from './proto.js';
import { measureStart } from './start.js';
import { measureStore } from './store.js';
import { measureXen } from './xen.js';

const help = `Usage: npm run bench [-- start|lspci|store|local|proto|xen …] [--rounds N]

  start   how long \`openslot --help\` takes, beside an empty Node program
  lspci   -vvv of dumps of 10 to 10,000 functions by \`openslot show --format lspci\`, beside each lspci at hand, and memory
  store   operations of our XenStore server a second, through its socket
  local   accesses, interrupts, attach, memory and growth of guests of the embedded Xen, beside threads without one
  proto   device files beside a libfuse3 program in C, registers beside C volatile, an eventfd beside poll(2) in C, and a
          driver's commands; the C programs are compiled if there is a compiler
  xen     a guest's whole bus scan, configuration reads, and functions attached to it, with openslot's back end beside the
          kernel's xen-pciback, in one boot of the lab; and our XenStore server beside C xenstored there

Without a name all are measured. Raw samples are printed; those of xen are kept in the run's folder too.

  --rounds N            scans of each guest (default 15, at least 7)
  --attaches N          of xen: a function to each guest, so many times (default 7)
  --processors 1|2      of the lab's machine: only that one (default both, one boot each)
  --back-end kernel     both guests get the kernel's back end: how far two equal things differ
  --limit SECONDS       give up after that long (default 400)`;

const PARTS = ['start', 'lspci', 'store', 'local', 'proto', 'xen'];

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      rounds: { type: 'string', default: '15' },
      'back-end': { type: 'string', default: 'openslot' },
      attaches: { type: 'string', default: '7' },
      processors: { type: 'string' },
      limit: { type: 'string', default: '400' },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const parts = positionals.length === 0 ? PARTS : positionals;
  const unknown = parts.find((part) => !PARTS.includes(part));
  if (unknown !== undefined) throw new LabFailure(`There is no bench ${unknown}; try --help.`);
  const backEnd = values['back-end'];
  if (backEnd !== 'openslot' && backEnd !== 'kernel')
    throw new LabFailure(`--back-end ${backEnd}: it is openslot or kernel.`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 7)
    throw new LabFailure('--rounds takes a whole number from 7 on.');
  const attaches = Number(values.attaches);
  if (!Number.isInteger(attaches) || attaches < 0)
    throw new LabFailure(`--attaches ${values.attaches} is no number.`);
  const limit = Number(values.limit);
  if (!(limit > 0)) throw new LabFailure(`--limit ${values.limit} is no number of seconds.`);
  if (parts.includes('start')) measureStart();
  if (parts.includes('lspci')) await measureLspci(rounds);
  if (parts.includes('store')) await measureStore(rounds);
  if (parts.includes('local')) await measureLocal(rounds);
  if (parts.includes('proto')) await measureProto(rounds);
  if (parts.includes('xen'))
    for (const processors of processorCounts(values.processors))
      await measureXen({ backEnd, rounds, attaches, limitSeconds: limit, processors });
  return 0;
}

function processorCounts(asked: string | undefined): readonly (1 | 2)[] {
  switch (asked) {
    case undefined:
      return [1, 2];
    case '1':
      return [1];
    case '2':
      return [2];
    default:
      throw new LabFailure(`--processors ${asked}: it is 1 or 2.`);
  }
}

await runCommand(main);
