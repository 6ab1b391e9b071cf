/** Kills a command at each of its changes, in a host of its own, and settles what is left: as before, or as wished. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { FolderHost, succeed, type ChangeKind, type Death } from './folder-host.js';

/** By what each shows. */
export type Scenarios = Readonly<Record<string, Omit<Scenario, 'of'>>>;

/** What is counted, and the same in a word. */
const CALLED: Readonly<Record<ChangeKind, readonly [string, string]>> = {
  mutation: ['mutations', 'mutations'],
  file: ['calls that change a file', 'calls'],
};

/** A test for each, which tells how often it killed. */
export function testKills(of: ChangeKind, scenarios: Scenarios): void {
  for (const [name, rest] of Object.entries(scenarios))
    test(name, async (t) => {
      const scenario = { ...rest, of };
      const changes = await changesOf(scenario);
      const kills = await killEverywhere(scenario, changes);
      assert.equal(kills, changes + 1);
      const [counted, word] = CALLED[of];
      t.diagnostic(`${name}: ${counted} = ${changes}, kills = ${word} + 1 = ${kills}`);
    });
}

export interface Scenario {
  /** Commands that have ended before. */
  readonly first: readonly (readonly string[])[];
  readonly words: readonly string[];
  readonly of: ChangeKind;
  /** What stands in the host's folder before them, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

async function prepare(host: FolderHost, { first, files = {} }: Scenario): Promise<void> {
  for (const [name, text] of Object.entries(files)) host.write(name, text);
  for (const words of first) await succeed(host, words);
}

/** How many changes the command makes when nobody kills it. */
export async function changesOf(scenario: Scenario): Promise<number> {
  const { words, of } = scenario;
  using host = new FolderHost();
  await prepare(host, scenario);
  const { status, stderr } = await host.run(words, { of, before: 0 });
  const [, changes] = /^changes: (\d+)$/m.exec(stderr) ?? [];
  assert.ok(status === 0 && changes !== undefined, stderr);
  return Number(changes);
}

/** Two at a time: most of a life is the start of its process. */
async function eachOf<One>(all: readonly One[], visit: (one: One) => Promise<void>): Promise<void> {
  const left = [...all];
  const work = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await visit(one);
  };
  await Promise.all([work(), work()]);
}

/** Kills the command at each place, and settles what is left both ways. @returns how often it was killed. */
async function killEverywhere(scenario: Scenario, places: number): Promise<number> {
  const { words, of } = scenario;
  using before = new FolderHost();
  await prepare(before, scenario);
  using after = new FolderHost(before);
  await succeed(after, words);
  const [untouched, wished] = [before.state(), after.state()];
  const deaths: readonly Death[] = [
    ...Array.from({ length: places }, (_, index) => ({ of, before: index + 1 })),
    { of, after: places },
  ];
  let kills = 0;
  await eachOf(deaths, async (death) => {
    using killed = new FolderHost(before);
    const where = JSON.stringify(death);
    const { signal, stderr } = await killed.run(words, death);
    assert.equal(signal, 'SIGKILL', `${where}: ${stderr}`);
    kills++;
    const left = killed.changes().length;
    assert.ok(left === 1 || (left === 0 && of === 'file'), `${where}: ${left} changes are written down`);
    using asKilled = new FolderHost(killed);
    for (const finish of [true, false]) {
      killed.become(asKilled);
      const outcome = finish ? 'finished' : 'undone';
      assert.deepEqual(await killed.recover(finish), left === 1 ? [outcome] : [], where);
      const state = killed.state();
      if (left === 1) assert.deepEqual(state, finish ? wished : untouched, where);
      else assert.ok(isDeepStrictEqual(state, untouched) || isDeepStrictEqual(state, wished), where);
      assert.deepEqual(await killed.recover(finish), [], where);
    }
  });
  return kills;
}
