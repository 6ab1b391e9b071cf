/** The lab of lspci: our text beside each lspci's at hand, over every source of spaces and every way of asking. */
import { cacheFolder } from '../cache.js';
import { LabFailure } from '../failure.js';
import { prepareRoot } from '../packages.js';
import { step } from '../progress.js';
import { LSPCI_VERSION } from '../../src/look/lspci/index.js';
import { tables } from '../../src/pci/index.js';
import { compareHost } from './compare-host.js';
import { compareSource } from './compare-source.js';
import { excusesFor } from './excuse.js';
import { EXCUSES } from './excuses/index.js';
import { prepareCorpus, prepareFollowed } from './followed.js';
import { judges } from './judge.js';
import { corpusSpaces } from './spaces/corpus.js';
import { damagedSpaces } from './spaces/damaged.js';
import { hostSpaces } from './spaces/host.js';
import { qemuSpaces } from './spaces/qemu.js';
import { dumpOf, type SpaceSource } from './spaces/source.js';
import { syntheticSpaces } from './spaces/synthetic.js';
import { Totals } from './totals.js';

export const KINDS = [
  'corpus',
  'QEMU',
  'host',
  'synthetic',
  'damaged',
] as const satisfies readonly SpaceSource['kind'][];

export interface ScenarioOptions {
  /** Only these sources; all where it is empty. */
  readonly kinds: readonly SpaceSource['kind'][];
}

/** Contents by chance for each variant of a capability, and rests that the values of a field stand among. */
const EXTENT = { contents: 4, rests: 2 };
const DAMAGED = 400;

/** @returns whether no line differs and every excuse was needed. */
export async function runScenario({ kinds }: ScenarioOptions): Promise<boolean> {
  const cache = cacheFolder();
  await prepareFollowed(cache);
  const found = judges();
  if (!found.some(({ isFollowed }) => isFollowed))
    throw new LabFailure(
      `There is no lspci ${LSPCI_VERSION}, which our text follows; at hand are ${found.join(', ')}.`,
    );
  const totals = found.map(
    (judge) => new Totals(judge, excusesFor(judge.version, judge.isFollowed ? [] : EXCUSES)),
  );
  const wanted = kinds.length === 0 ? KINDS : kinds;
  const unreached: string[] = [];
  for (const kind of wanted) {
    const { sources, remarks } = await made(kind, cache, unreached);
    for (const remark of remarks) console.log(`    ${remark}`);
    await step(`comparing ${sources.length} sources of ${kind}`, () => {
      for (const source of sources) compareSource(source, totals);
      if (kind === 'host') compareHost(totals);
    });
  }
  let good = unreached.length === 0;
  for (const table of unreached) console.log(`No space is made for the table ${table}.`);
  for (const one of totals) {
    console.log(`\n${String(one)}`);
    good &&= one.differing === 0 && (wanted.length < KINDS.length || one.idle.length === 0);
  }
  return good;
}

interface Made {
  readonly sources: readonly SpaceSource[];
  readonly remarks: readonly string[];
}

async function made(kind: SpaceSource['kind'], cache: string, unreached: string[]): Promise<Made> {
  switch (kind) {
    case 'corpus':
      try {
        return { sources: corpusSpaces(await prepareCorpus(cache)), remarks: [] };
      } catch (error) {
        if (!(error instanceof LabFailure)) throw error;
        return { sources: [], remarks: [`pciutils’ own dumps are left out: ${error.message}`] };
      }
    case 'QEMU': {
      const root = await prepareRoot(cache);
      const command = root.command('usr/bin/qemu-system-x86_64');
      const { sources, functions, listed, missing } = await step('machines of QEMU’s device models', () =>
        qemuSpaces({ command, environment: { ...process.env, ...root.qemuEnvironment } }),
      );
      return {
        sources,
        remarks: [
          `QEMU lists ${listed} models on the bus PCI; ${listed - missing.size} were made with ${functions} functions in all, ${missing.size} need what is not here:`,
          ...[...missing].map(([name, why]) => `  ${name}: ${why}`),
        ],
      };
    }
    case 'host':
      return { sources: hostSpaces(), remarks: [] };
    case 'synthetic': {
      const { groups, reached, fields } = await step('spaces from the register tables', () =>
        syntheticSpaces(EXTENT),
      );
      for (const { name } of tables) if (!reached.has(name)) unreached.push(name);
      const sources = [...groups].map(([name, spaces]): SpaceSource => ({
        kind: 'synthetic',
        name,
        dump: dumpOf(spaces),
        decodingOnly: true,
      }));
      return { sources, remarks: [`${reached.size} tables, ${fields.size} fields with several values each`] };
    }
    case 'damaged':
      return { sources: damagedSpaces(DAMAGED), remarks: [] };
  }
}
