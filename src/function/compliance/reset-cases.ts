/** Cases of reset. */
import { Header } from '../../pci/index.js';
import { equal, rejects, withFunction, withMaster } from './checks.js';
import type { ComplianceCase } from './subject.js';

export const resetCases: readonly ComplianceCase[] = [
  {
    name: 'function: reset uses the first method and keeps the configuration',
    needs: ['reset'],
    wants: [],
    changes: true,
    run: (subject) =>
      withFunction(subject, async (fn) => {
        const [method] = fn.resetMethods;
        if (method === undefined) {
          await rejects('reset without a method', 'RESET_UNAVAILABLE', fn.reset());
          return;
        }
        const before = fn.config.read(Header.firstBar, 4);
        equal('method', await fn.reset(), method);
        equal('BAR0', fn.config.read(Header.firstBar, 4), before);
      }),
  },
  {
    name: 'function: a reset leaves decoding and bus mastering as they were',
    needs: ['reset', 'configWrite'],
    wants: [],
    changes: true,
    run: (subject) =>
      withMaster(subject, async (fn) => {
        if (fn.resetMethods.length === 0) return;
        const before = fn.config.read(Header.command, 2);
        await fn.reset();
        equal('Command', fn.config.read(Header.command, 2), before);
      }),
  },
];
