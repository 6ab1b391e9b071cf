/** Guests that never stop raising events, or asking: everybody else is served, and the owner has its turns. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AttackedHost } from '../hostile/attacked-host.js';
import { until } from '../until.js';

const ENDLESS = '1000000000';
const ROUNDS = 5;
const TICK_MS = 1;

describe('guests that storm', () => {
  for (const way of ['storms', 'asks']) {
    test(`(${way}) do not starve an honest guest, nor the owner’s timers`, async (context) => {
      await using host = await AttackedHost.start();
      const honest = await host.runWorker('honest', 'calm', ['7'], ['01:00.0', '00:03.1']);
      const hostile = [
        await host.runAlone('attacks-page', 'first', [way, '1', ENDLESS], '00:06.0'),
        await host.runAlone('attacks-page', 'second', [way, '2', ENDLESS], '00:07.0'),
      ];
      const path = (domain: number, key: string) => `/local/domain/${domain}/data/${key}`;
      for (const domain of hostile) host.server.write(path(domain, 'round'), '1');
      for (const domain of hostile) await until(() => host.platform.traffic(domain).events > 20);
      let [ticks, longest, last] = [0, 0, performance.now()];
      const timer = setInterval(() => {
        const now = performance.now();
        [ticks, longest, last] = [ticks + 1, Math.max(longest, now - last), now];
      }, TICK_MS);
      for (let round = 1; round <= ROUNDS; round++) {
        host.server.write(path(honest.domain, 'round'), String(round));
        await until(
          () => host.server.read(path(honest.domain, 'done'))?.startsWith(`${round} `) === true,
          () => `round ${round} of the honest guest`,
        );
      }
      clearInterval(timer);
      const events = hostile.map((domain) => host.platform.traffic(domain).events);
      context.diagnostic(
        `${ticks} ticks, at most ${longest.toFixed(1)} ms apart; ${events.join(' and ')} events handled`,
      );
      assert.ok(ticks > ROUNDS, `${ticks} ticks`);
      for (const domain of hostile) {
        assert.equal(host.server.read(path(domain, 'done')), undefined, 'it storms still');
        await host.xen.domain(domain)?.destroy();
      }
      assert.deepEqual(host.findings, []);
    });
  }
});
