/** `npm run lab`: the command line of the lab. */
import { parseArgs } from 'node:util';
import { measureXen } from '../bench/xen.js';
import { runCommand } from './command.js';
import { LabFailure } from './failure.js';
import { KINDS, runScenario as runLspci } from './lspci/scenario.js';
import { runScenario as runQemu } from './qemu/scenario.js';
import { runScenario as runVfio } from './vfio/scenario.js';
import { shell } from './xen/boot.js';
import type { BackEnd } from './xen/phases/index.js';
import { runScenario } from './xen/scenario.js';

const help = `Usage: npm run lab -- xen [--back-end openslot|kernel] [--phase NAME…] [--no-suites | --suite NAME]
                          [--no-table] [--limit SECONDS]
       npm run lab -- xen --shell
       npm run lab -- vfio [--suite NAME] [--limit SECONDS]
       npm run lab -- qemu [--suite NAME]
       npm run lab -- lspci [--source KIND…]

xen boots real Xen with a Debian dom0 in QEMU, without root and without hardware virtualisation, and takes functions the
whole way: claimed from their drivers, given to PV guests whose stock drivers show that they work, taken back. Two such
machines run side by side, each with phases of its own (lab/xen/phases); the second boots with what openslot hide wrote
on the first.

vfio boots Debian's kernel with an emulated IOMMU, Node and this program inside, and runs the suites of test/vfio-lab on
functions that vfio-pci and uio_pci_generic have.

qemu drives QEMU's device models from this host, without a guest: the suites of test/qemu-lab, the compliance suite, and
the comparisons of our device models with QEMU's.

lspci compares the text of \`openslot show --format lspci\` with that of lspci itself, line by line: that of Debian 13, whose
version is followed, and the installed one. Both are asked in every way about each PCI device model of QEMU, this host,
the dumps that pciutils tests itself with, spaces made from the register tables, and damaged ones.

  --back-end openslot   openslot claims, serves and releases (default)
  --back-end kernel     the kernel's xen-pciback and xl do it: the reference to compare with
  --phase NAME          only this phase; may be given several times
  --no-suites           leave out the suites (test/xen-lab) that run in dom0
  --suite NAME          only the suite of that name, and nothing after it: the quick way while one is written
  --kills N             how often the phase restart kills serve (default 20, an even number from 4 on)
  --no-table            leave out what follows when everything is run: a bus scan, configuration reads and attaches,
                        ours beside the kernel's back end (npm run bench has more)
  --source KIND         only corpus, QEMU, host, synthetic or damaged; may be given several times
  --limit SECONDS       give up after that long (default 900)
  --shell               an interactive dom0 instead of the scenario

The first run fetches some 135 MB of packages from this host's Debian sources; it needs apt, dpkg and Node, and
installs nothing. All of it lies in .cache/lab, or in OPENSLOT_LAB_CACHE; each run keeps its logs there in runs/.
Exit code 1 when a check failed, 2 when the lab could not run.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      shell: { type: 'boolean', default: false },
      'no-suites': { type: 'boolean', default: false },
      phase: { type: 'string', multiple: true, default: [] },
      suite: { type: 'string' },
      source: { type: 'string', multiple: true, default: [] },
      kills: { type: 'string', default: '20' },
      'no-table': { type: 'boolean', default: false },
      'back-end': { type: 'string', default: 'openslot' },
      limit: { type: 'string', default: '900' },
    },
  });
  if (values.help || positionals.length === 0) {
    console.log(help);
    return values.help ? 0 : 2;
  }
  const [lab = '', ...rest] = positionals;
  if (!['xen', 'vfio', 'qemu', 'lspci'].includes(lab) || rest.length > 0)
    throw new LabFailure(`There is no lab ${positionals.join(' ')}; try --help.`);
  if (values.suite !== undefined && !/^[a-z-]+$/.test(values.suite))
    throw new LabFailure(
      `--suite ${values.suite}: the name of a file of test/${lab}-lab, without its end .lab.ts.`,
    );
  if (lab === 'lspci') return (await runLspci({ kinds: values.source.map(kind) })) ? 0 : 1;
  if (lab === 'qemu') return (await runQemu({ suite: values.suite })) ? 0 : 1;
  const limitSeconds = Number(values.limit);
  if (!(limitSeconds > 0)) throw new LabFailure(`--limit ${values.limit} is no number of seconds.`);
  if (lab === 'vfio') return (await runVfio({ suite: values.suite, limitSeconds })) ? 0 : 1;
  if (values.shell) {
    await shell();
    return 0;
  }
  const kills = Number(values.kills);
  if (!(kills >= 4) || kills % 2 !== 0)
    throw new LabFailure(`--kills ${values.kills}: it is an even number from 4 on.`);
  const passed = await runScenario({
    backEnd: backEnd(values['back-end']),
    only: values.suite === undefined ? values.phase : ['suites'],
    without: values['no-suites'] ? ['suites'] : [],
    suite: values.suite,
    kills,
    limitSeconds,
  });
  const whole = values.phase.length === 0 && values.suite === undefined && values['back-end'] === 'openslot';
  if (whole && !values['no-table']) await printTable(limitSeconds);
  return passed ? 0 : 1;
}

/** Figures are no check: a host that is too busy for two processors at once is not a fault. */
async function printTable(limitSeconds: number): Promise<void> {
  try {
    console.log();
    await measureXen({ backEnd: 'openslot', rounds: 7, attaches: 5, limitSeconds, processors: 2 });
  } catch (error) {
    if (!(error instanceof LabFailure)) throw error;
    console.log(`No table beside the kernel's back end: ${error.message}`);
  }
}

function kind(name: string): (typeof KINDS)[number] {
  const found = KINDS.find((one) => one === name);
  if (found === undefined) throw new LabFailure(`--source ${name}: it is ${KINDS.join(', ')}.`);
  return found;
}

function backEnd(name: string): BackEnd {
  if (name === 'openslot' || name === 'kernel') return name;
  throw new LabFailure(`--back-end ${name}: it is openslot or kernel.`);
}

await runCommand(main);
