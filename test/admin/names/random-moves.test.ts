/** For random trees and random moves of their cards a name never stands for another device. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { FunctionNames } from '../../../src/admin/names/index.js';
import type { SimMachine } from '../../../src/machines/sim/index.js';
import { notations, OpenslotError, type PciAddress } from '../../../src/pci/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { KeptNames } from './moved-machines.js';

/** Ports of a machine: behind four bridges on the root bus two places each, and a bridge with one more. */
const PORTS = ['01', '02', '03', '04'].flatMap((root) => [`${root}/00`, `${root}/01`, `${root}/02/00`]);

/** How many serial numbers of each kind there are: cards may have none, one of their own, or one that others have too. */
type Numbering = 'none' | 'own' | 'copied';

interface Card {
  /** Which card it is, for us; the machine shows it to nobody but the test. */
  readonly token: string;
  readonly model: 'nvme' | 'edu' | 'testdev';
  readonly numbering: Numbering;
}

/** Cards by their ports, and bridges that stand there with nothing behind them: they take bus numbers, too. */
interface Layout {
  readonly cards: ReadonlyMap<string, Card>;
  readonly bridges: ReadonlySet<string>;
}

const card = fc.record({
  model: fc.constantFrom('nvme' as const, 'edu' as const, 'testdev' as const),
  numbering: fc.constantFrom<Numbering>('none', 'own', 'copied'),
  /** Whether it stays where it is. */
  stays: fc.boolean(),
  /** Whether it is there before and after. */
  before: fc.boolean(),
  after: fc.boolean(),
});
const ports = fc.shuffledSubarray(PORTS, { minLength: PORTS.length });
const bridges = fc.subarray(['01', '02', '03', '04', '01/02', '02/02', '03/02', '04/02']);

const moves = fc
  .record({
    cards: fc.array(card, { minLength: 1, maxLength: 7 }),
    first: ports,
    second: ports,
    firstBridges: bridges,
    secondBridges: bridges,
  })
  .map(({ cards, first, second, firstBridges, secondBridges }) => {
    const before = new Map<string, Card>();
    const after = new Map<string, Card>();
    cards.forEach(({ model, numbering, ...at }, index) => {
      const one = { token: `card ${index}`, model, numbering };
      const port = first[index] ?? '';
      if (at.before) before.set(port, one);
      if (at.after && at.before && at.stays) after.set(port, one);
    });
    // The others take what is free then.
    const free = second.filter((port) => !after.has(port));
    cards.forEach(({ model, numbering, ...at }, index) => {
      if (at.after && !(at.before && at.stays))
        after.set(free[index] ?? '', { token: `card ${index}`, model, numbering });
    });
    return {
      before: { cards: before, bridges: new Set(firstBridges) },
      after: { cards: after, bridges: new Set(secondBridges) },
    };
  });

/** What the machine shows of the card's number. */
function numberOf({ token, numbering }: Card): string | undefined {
  if (numbering === 'none') return undefined;
  return numbering === 'copied' ? '99' : token.slice('card '.length).padStart(2, '0');
}

function described({ cards, bridges: bare }: Layout): string {
  const device = (port: string, one: Card) => {
    const number = numberOf(one);
    const dsn = number === undefined ? '' : `, dsn: 00-1b-21-ff-ff-00-00-${number}`;
    const vpd = number === undefined ? '' : `, vpd: {readOnly: {SN: "N${number}"}}`;
    const serial = { nvme: dsn, edu: vpd, testdev: '' }[one.model];
    return `{slot: "${port.slice(-2)}", model: ${one.model}, label: ${one.token}${serial}}`;
  };
  const behind = (path: string): string[] =>
    ['00', '01', '02', '03', '04'].flatMap((step) => {
      const port = path === '' ? step : `${path}/${step}`;
      const one = cards.get(port);
      if (one !== undefined) return [device(port, one)];
      const isBridge = path === '' ? step !== '00' : path.length === 2 && step === '02';
      const isUsed = bare.has(port) || [...cards.keys()].some((other) => other.startsWith(`${port}/`));
      return isBridge && isUsed ? [`{slot: "${step}", bridge: {}, bus: [${behind(port).join(', ')}]}`] : [];
    });
  // Function 0 of a bus need not be there, but a machine has a slot.
  return `roots: [{bus: 0, slots: [${[...behind(''), '{slot: "1f", model: clearing}'].join(', ')}]}]`;
}

function addressOf(machine: SimMachine, token: string): PciAddress | undefined {
  return machine.list().find(({ address }) => machine.hostFacts(address).label === token)?.address;
}

function tokenAt(machine: SimMachine, address: PciAddress): string | undefined {
  return machine.hostFacts(address).label;
}

/** All that anybody can see of a card but its place. */
function looks({ model, ...one }: Card): string {
  return `${model} ${model === 'testdev' ? '' : (numberOf({ model, ...one }) ?? '')}`;
}

async function foundOrRefused(names: FunctionNames, name: string): Promise<PciAddress | OpenslotError> {
  try {
    return await names.find(name);
  } catch (error) {
    if (error instanceof OpenslotError) return error;
    throw error;
  }
}

describe('names over random moves', () => {
  test('stand for the named device, or for nothing', async () => {
    let resolved = 0;
    const refused = new Map<string, number>();
    await checkProperty(
      'names: never another device over random moves',
      fc.asyncProperty(moves, async ({ before, after }) => {
        using kept = new KeptNames();
        const stood = new Map<string, string>();
        await kept.on(described(before), async (names, machine) => {
          for (const { token } of before.cards.values()) {
            const address = addressOf(machine, token);
            assert.ok(address !== undefined);
            await names.give(token.replace(' ', '-'), address);
            stood.set(token, String(address));
          }
        });
        await kept.on(described(after), async (names, machine) => {
          for (const [port, one] of before.cards) {
            const now = [...after.cards].find(([, { token }]) => token === one.token)?.[0];
            const found = await foundOrRefused(names, one.token.replace(' ', '-'));
            /** A card that nothing tells from the named one, in its very place. */
            const impostor = after.cards.get(port);
            const undetectable = impostor !== undefined && looks(impostor) === looks(one);
            const isUnique = one.numbering === 'own' && one.model !== 'testdev';
            if (found instanceof OpenslotError) {
              refused.set(found.code, (refused.get(found.code) ?? 0) + 1);
              assert.match(found.code, /^NAME_(MOVED|AMBIGUOUS|OTHER_DEVICE|ABSENT)$/);
              if (now !== undefined && isUnique) {
                assert.equal(found.code, 'NAME_MOVED', 'a card with a number of its own is always found');
                assert.equal(found.evidence['now'], String(addressOf(machine, one.token)));
              }
              if (found.code !== 'NAME_MOVED') continue;
              const offered = tokenAt(machine, notations.hex.parse(String(found.evidence['now'])));
              const alike = [...after.cards.values()].find(({ token }) => token === offered);
              assert.ok(alike !== undefined && looks(alike) === looks(one), 'what is offered looks like it');
              assert.ok(!isUnique || offered === one.token);
            } else {
              resolved += 1;
              assert.equal(String(found), stood.get(one.token), 'a name never leads to another address');
              assert.ok(
                tokenAt(machine, found) === one.token || (undetectable && !isUnique),
                `${one.token} is ${tokenAt(machine, found)}`,
              );
            }
            const stays = now === port && stood.get(one.token) === String(addressOf(machine, one.token));
            if (stays) assert.ok(!(found instanceof OpenslotError), 'what did not move is found');
          }
        });
      }),
      { numRuns: 60 },
    );
    assert.ok(resolved > 0 && refused.size > 2, `${resolved} found, ${[...refused].join('; ')}`);
  });
});
