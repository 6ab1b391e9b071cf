/** Every vector that the protocol can carry, delivered to an embedded guest: none lost, none twice, none elsewhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestHost } from './embedded.js';

const FUNCTION = '00:01.0';
const ROUNDS = 6;
/** Each vector once or twice a round, by turns. */
const DUE = ROUNDS + ROUNDS / 2;
const MOST = 128;

const machine = (vectors: number) => `
roots:
  - bus: 0
    slots:
      - {slot: "01", model: vectors, options: {vectors: ${vectors}}}
`;

for (const [vectors, offered] of [
  [1, 1],
  [MOST, MOST],
  [300, MOST],
] as const) {
  test(`${offered} of ${vectors} vectors: each interrupt arrives once, on its own vector`, async (context) => {
    await using host = await TestHost.start(machine(vectors));
    const guest = await host.run('vectors', [FUNCTION], { arguments: [String(ROUNDS)] });
    const tallies = JSON.parse(await host.report(guest, 'result')) as unknown;
    const [due, got, elsewhere] = [DUE, DUE, 0];
    assert.deepEqual(tallies, new Array(offered).fill([due, got, elsewhere]));
    using fn = host.machine.open(host.address(FUNCTION));
    using region = fn.openRegion(0);
    assert.equal(region.read32(0x08), offered * DUE, 'the device has raised as many');
    context.diagnostic(`${offered * DUE} interrupts over ${offered} vectors`);
  });
}
