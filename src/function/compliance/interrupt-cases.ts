/** Cases of interrupts: each kind arrives, is counted, is waited for in both ways, and ends with its stream. */
import type { Interrupt, Interrupts, InterruptSource, InterruptStream, PciFunction } from '../function.js';
import { equal, holds, refuses, withMaster } from './checks.js';
import type { ComplianceCase, InterruptStimulus } from './subject.js';

type Kind = 'intx' | 'msi' | 'msix';

/** Long enough for a machine under load; nobody waits for it where the interrupt comes. */
const ARRIVES = 10_000;
/** Milliseconds in which nothing must come. */
const SILENCE = 20;

interface Parts {
  readonly fn: PciFunction;
  readonly interrupts: Interrupts;
  readonly source: InterruptSource;
  readonly stream: InterruptStream;
  readonly stimulus: InterruptStimulus;
}

function sourceOf(kind: Kind, vector = 0): InterruptSource {
  return kind === 'intx' ? { kind } : { kind, vector };
}

function interruptCase(
  kind: Kind,
  name: string,
  run: (parts: Parts) => void | Promise<void>,
): ComplianceCase {
  return {
    name: `${kind}: ${name}`,
    needs: ['interrupts', 'memoryRegions'],
    wants: [kind],
    changes: true,
    run: (subject) =>
      withMaster(subject, async (fn) => {
        const { interrupts } = fn;
        holds('the function has interrupts', interrupts !== undefined);
        const stimulus = subject[kind]?.(fn);
        holds('there is a stimulus', stimulus !== undefined);
        stimulus.quiet();
        const source = sourceOf(kind);
        using stream = interrupts.open(source);
        try {
          await run({ fn, interrupts, source, stream, stimulus });
        } finally {
          withQuiet(stimulus);
        }
      }),
  };
}

/** A case may have closed the function, and its region with it. */
function withQuiet(stimulus: InterruptStimulus): void {
  try {
    stimulus.quiet();
  } catch {
    // Then the device was quiet before.
  }
}

/** The next one of an iteration, or what the time was up with. */
async function next(stream: InterruptStream): Promise<Interrupt | 'ended' | 'nothing came'> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<'nothing came'>((resolve) => {
    timer = setTimeout(() => {
      resolve('nothing came');
    }, ARRIVES);
  });
  const iterator = stream[Symbol.asyncIterator]();
  const first = iterator.next().then(({ done, value }) => (done === true ? ('ended' as const) : value));
  try {
    return await Promise.race([first, late]);
  } finally {
    clearTimeout(timer);
  }
}

function came(what: string, interrupt: Interrupt | undefined | string, source: InterruptSource): Interrupt {
  holds(`${what}: an interrupt came`, typeof interrupt === 'object');
  equal(`${what}: kind`, interrupt.source.kind, source.kind);
  if (source.kind !== 'intx' && interrupt.source.kind !== 'intx') {
    equal(`${what}: vector`, interrupt.source.vector, source.vector);
  }
  return interrupt;
}

function casesOf(kind: Kind): ComplianceCase[] {
  return [
    interruptCase(kind, 'arrives in an iteration', async ({ stream, stimulus, source }) => {
      stimulus.raise();
      const { count } = came('first', await next(stream), source);
      equal('count', count, 1);
    }),
    interruptCase(
      kind,
      'arrives in a blocking wait, and none comes without a cause',
      ({ stream, stimulus, source }) => {
        equal('before', stream.wait(SILENCE), undefined);
        stimulus.raise();
        came('wait', stream.wait(ARRIVES), source);
        stimulus.quiet();
        equal('afterwards', stream.wait(SILENCE), undefined);
      },
    ),
    interruptCase(kind, 'an iteration ends when the function is closed', async ({ fn, stream }) => {
      const pending = next(stream);
      fn.close();
      equal('pending', await pending, 'ended');
      equal('next', await next(stream), 'ended');
      equal('wait', stream.wait(1), undefined);
    }),
    interruptCase(
      kind,
      'can be opened again after it was closed',
      ({ interrupts, stream, stimulus, source }) => {
        refuses('a second time at once', 'INTERRUPT_TAKEN', () => interrupts.open(source));
        stream[Symbol.dispose]();
        using again = interrupts.open(source);
        stimulus.raise();
        came('wait', again.wait(ARRIVES), source);
      },
    ),
    interruptCase(kind, 'refuses a source that the function does not have', ({ interrupts }) => {
      for (const other of ['msi', 'msix'] as const) {
        const source = sourceOf(other, interrupts.available[other]);
        refuses(`${other} behind the last vector`, 'INTERRUPT_ABSENT', () => interrupts.open(source));
      }
    }),
  ];
}

/** Every message is one: those that nobody has taken yet are counted. */
function countingCase(kind: 'msi' | 'msix'): ComplianceCase {
  return interruptCase(kind, 'counts what was not taken', ({ stream, stimulus, source }) => {
    stimulus.raise();
    let sum = came('first', stream.wait(ARRIVES), source).count;
    for (let round = 0; round < 2; round++) {
      stimulus.quiet();
      stimulus.raise();
    }
    while (sum < 3) sum += came('next', stream.wait(ARRIVES), source).count;
    equal('sum', sum, 3);
    stimulus.quiet();
    equal('afterwards', stream.wait(SILENCE), undefined);
  });
}

export const interruptCases: readonly ComplianceCase[] = [
  ...casesOf('intx'),
  interruptCase('intx', 'a level comes again until its cause is gone', ({ stream, stimulus, source }) => {
    stimulus.raise();
    for (let round = 0; round < 3; round++) came(`round ${round}`, stream.wait(ARRIVES), source);
    stimulus.quiet();
    equal('afterwards', stream.wait(SILENCE), undefined);
    stimulus.raise();
    came('another one', stream.wait(ARRIVES), source);
  }),
  ...casesOf('msi'),
  countingCase('msi'),
  ...casesOf('msix'),
  countingCase('msix'),
];
