/** The page about the simulator says what there is: its machine can be built, its models, options and faults exist. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DEVICE_KINDS, parseMachine, SimMachine } from '../../../src/machines/sim/index.js';
import { BUILT_IN_FAULTS } from '../../../src/machines/sim/device/faults.js';

const PAGE = readFileSync(new URL('../../../../docs/simulator.md', import.meta.url), 'utf8');

test('the described machine is one', () => {
  const blocks = [...PAGE.matchAll(/```yaml\n([^`]*)```/g)].map(([, text = '']) => text);
  assert.equal(blocks.length, 1);
  for (const text of blocks) {
    using machine = new SimMachine(parseMachine(text), { clock: 'manual' });
    assert.deepEqual(
      machine.list().map(({ address, driver }) => `${address} ${driver ?? '-'}`),
      [
        '0000:00:01.0 -',
        '0000:00:02.0 -',
        '0000:00:02.1 timer',
        '0000:00:02.3 -',
        '0000:05:00.0 edu',
        '0000:05:01.0 -',
        '0000:05:02.0 -',
        '0000:06:00.0 -',
      ],
    );
  }
});

test('every model is named, with its faults and with options that it takes', () => {
  for (const kind of DEVICE_KINDS.values()) {
    const [, options] = new RegExp(`^\\| \`${kind.name}\` \\| [^|]* \\| ([^|]*)\\|$`, 'm').exec(PAGE) ?? [];
    assert.ok(options !== undefined, kind.name);
    for (const fault of Object.keys(kind.faults ?? {})) assert.ok(PAGE.includes(`\`${fault}\``), fault);
    for (const [, option = ''] of options.matchAll(/`(\w+)`/g)) {
      // An option that exists is refused for its value, any other for being none.
      assert.throws(
        () => kind.options({ [option]: [] }),
        (error: Error) => !error.message.includes('is not an option'),
        `${kind.name} ${option}`,
      );
    }
  }
});

test('every fault is named', () => {
  for (const fault of BUILT_IN_FAULTS) assert.ok(PAGE.includes(`{fault: ${fault}`), fault);
});
