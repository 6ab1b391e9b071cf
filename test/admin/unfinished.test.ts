/** A process that is killed while it attaches or detaches: the next one finds the guest with the function, or without it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Attachments } from '../../src/admin/index.js';
import { disk } from '../function/shapes.js';
import { MortalHost } from '../pciback/mortal-host.js';
import type { Death } from '../pciback/mortality.js';
import { until } from '../until.js';
import { bearGuest } from '../xen/born-guest.js';
import { treeText } from '../xen/store/tree-text.js';

const DISK = disk().address;
const LISTED = '/local/domain/0/backend/pci/1/0/dev-0';

/** The disk in the pool, and a guest whose front end takes what it is given. */
async function start(): Promise<MortalHost> {
  const host = await MortalHost.start([disk()], [], true);
  await host.attachments();
  host.domain(1);
  bearGuest(host.server, 1);
  await host.front(1).follow();
  return host;
}

/** Everything that says the guest has, or had, the function. */
function has(host: MortalHost): object {
  return {
    listed: host.server.read(LISTED) !== undefined,
    granted: [...host.platform.granted].sort(),
    noted: host.server.read('/libxl/pci/0000-00-08-0/domid') !== undefined,
    recorded: treeText(host.server, '/libxl/1').includes('openslot'),
    pool: host.states(),
  };
}

const WITHOUT = { listed: false, granted: [], noted: false, recorded: false, pool: ['free'] };

type Change = (attachments: Attachments) => Promise<unknown>;

const ATTACH: Change = (tools) => tools.attach('guest1', DISK);
const DETACH: Change = (tools) => tools.detach('guest1', DISK);

/** Calls that a change makes, the back end's share in it among them. */
async function callsOf(host: MortalHost, change: Change): Promise<number> {
  const process = host.lives.at(-1);
  const before = process?.calls ?? NaN;
  await change(await host.attachments());
  return (process?.calls ?? NaN) - before;
}

/**
 * The process that begins the change dies at that call, and another one lives. What the back end does at the end of a
 * change is not always the same number of calls: one that would be the last may not come.
 */
async function dies(host: MortalHost, death: Death, change: Change): Promise<void> {
  const before = host.deaths;
  const attachments = await host.attachments();
  host.dieSoon(death);
  // What a dying process is told of its own death is nobody's.
  let over = false;
  const ended = () => (over = true);
  change(attachments).then(ended, ended);
  await host.settled(() => over || host.deaths > before);
  if (host.deaths === before) host.spare();
  await host.attachments();
}

/** Most of a host's life is waiting: some live at once. */
async function atOnce(deaths: readonly Death[], live: (death: Death) => Promise<void>): Promise<void> {
  const left = [...deaths];
  const worker = async () => {
    for (let death = left.shift(); death !== undefined; death = left.shift()) await live(death);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

function deathsOf(calls: number, step: number, moment: Death['moment']): readonly Death[] {
  assert.ok(calls > 20, `${calls} calls`);
  return Array.from({ length: Math.ceil(calls / step) }, (_, index) => ({ call: index * step + 1, moment }));
}

describe('killed at each call', () => {
  // Before a call is nearly what after the last one is.
  for (const [moment, step] of [
    ['after', 1],
    ['before', 4],
  ] as const) {
    test(`of an attach, ${moment} it: the guest has it wholly, or not at all`, async () => {
      await using undisturbed = await start();
      const calls = await callsOf(undisturbed, ATTACH);
      const given = has(undisturbed);
      await atOnce(deathsOf(calls, step, moment), async (death) => {
        await using host = await start();
        await dies(host, death, ATTACH);
        // The back end learns from watches what it has to do still.
        await host.settled(
          () => isDeepStrictEqual(has(host), given) || isDeepStrictEqual(has(host), WITHOUT),
        );
        if (host.server.read(LISTED) === undefined) await ATTACH(await host.attachments());
        assert.deepEqual(has(host), given, `call ${death.call}`);
        await DETACH(await host.attachments());
        assert.deepEqual(has(host), WITHOUT, `call ${death.call}`);
        assert.deepEqual(host.errors, []);
      });
    });

    test(`of a detach, ${moment} it: it can be asked again, or is done`, async () => {
      await using undisturbed = await start();
      await ATTACH(await undisturbed.attachments());
      const calls = await callsOf(undisturbed, DETACH);
      assert.deepEqual(has(undisturbed), WITHOUT);
      await atOnce(deathsOf(calls, step, moment), async (death) => {
        await using host = await start();
        await ATTACH(await host.attachments());
        await dies(host, death, DETACH);
        if (host.server.read(LISTED) !== undefined) await DETACH(await host.attachments());
        await until(
          () => isDeepStrictEqual(has(host), WITHOUT),
          () => `killed ${death.moment} call ${death.call}: ${JSON.stringify(has(host))}`,
        );
      });
    });
  }
});
