/** Platform devices that are recorded, and the same program on the recording: the port's cases of them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { PLATFORM_CASES, uartSubject } from '../../../src/function/compliance/index.js';
import type { Machine, PlatformDeviceSummary } from '../../../src/function/index.js';
import { openMachine, recordMachine } from '../../../src/machines/index.js';
import { parseMachine, SimMachine } from '../../../src/machines/sim/index.js';

const SERIAL = 'isa:0x3f8';
const MACHINE = `
roots: [{slots: []}]
platform: [{model: uart16550, ports: 0x3f8, line: 4}]
`;

const folder = mkdtempSync(join(tmpdir(), 'openslot-platform-recording-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

function record(file: string): Machine {
  return recordMachine(new SimMachine(parseMachine(MACHINE), { clock: 'manual' }), file);
}

describe('a recorded platform device', () => {
  for (const [index, { name, run }] of PLATFORM_CASES.entries())
    test(name, async () => {
      const file = join(folder, `${index}.jsonl`);
      {
        using recorded = record(file);
        await run(uartSubject(recorded, SERIAL));
      }
      using replayed = await openMachine(`replay:${file}`);
      await run(uartSubject(replayed, SERIAL));
    });

  test('is listed as it was, and another access to it is refused', async () => {
    const file = join(folder, 'other.jsonl');
    let listed: readonly PlatformDeviceSummary[] | undefined;
    {
      using recorded = record(file);
      listed = recorded.platform?.list();
      using device = recorded.platform?.open(SERIAL);
      using region = device?.openRegion(0);
      region?.write8(7, 0x42);
    }
    using replayed = await openMachine(`replay:${file}`);
    assert.deepEqual(replayed.platform?.list(), listed);
    assert.equal(listed?.length, 1);
    using device = replayed.platform?.open(SERIAL);
    using region = device?.openRegion(0);
    assert.throws(
      () => {
        region?.write8(7, 0x43);
      },
      { code: 'REPLAY_DIFFERS', message: /isa:0x3f8/ },
    );
  });
});
