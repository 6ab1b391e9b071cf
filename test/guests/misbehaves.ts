/** A guest that does what its first argument names, none of which a guest should do. */
import { execSync } from 'node:child_process';
import { once } from 'node:events';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import type { Guest } from 'openslot/guest';
import type { Handoff } from '../../src/xen/local/index.js';

const { handoff } = workerData as { readonly handoff: Handoff };

/** Text that stands for nothing: whoever makes a text of it fails. */
const textless = { toString: null, valueOf: null };

function failsWith(message: unknown): never {
  const error = new Error('as the test wants it');
  Object.defineProperty(error, 'message', { value: message, enumerable: true });
  throw error;
}

async function printsForEver(text: string): Promise<never> {
  for (;;) if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** States of a pair in turn, as fast as the store takes them. */
async function says({ xpci, store }: Guest, ...states: readonly string[]): Promise<never> {
  await xpci.connected();
  for (;;) for (const state of states) await store.write('device/pci/0/state', state);
}

const WAYS: Readonly<Record<string, (guest: Guest) => unknown>> = {
  'closes and closes again': (guest) => says(guest, '5', '6'),
  'says connected all the time': (guest) => says(guest, '4'),
  'says anything all the time': (guest) => says(guest, '1', '4', '7', '3', '8', '2', '9', 'x', ''),
  'throws what has no text': () => {
    AbortSignal.abort(textless).throwIfAborted();
  },
  'throws an error whose message has no text': () => failsWith(textless),
  'throws a long message': () => failsWith('x'.repeat(1_000_000)),
  'throws null': () => {
    AbortSignal.abort(null).throwIfAborted();
  },
  'prints a line without end': () => printsForEver('x'.repeat(65_536)),
  'prints lines without end': () => printsForEver('y\n'.repeat(32_768)),
  'prints more than a text can hold': () => process.stdout.write(Buffer.alloc(0x2000_0000, 'z')),
  'prints ten million lines at once': async () => {
    process.stdout.write('\n'.repeat(10_000_000));
    await new Promise((resolve) => setTimeout(resolve, 1_000_000));
  },
  'prints and returns': () => process.stdout.write(`${'é'.repeat(100_000)}\nlast`),
  'floods its port': () => {
    for (;;) handoff.port.postMessage(0);
  },
  'sends large things': () => {
    const large = new Uint8Array(10_000_000);
    for (;;) handoff.port.postMessage(large);
  },
  'floods its parent': () => {
    for (;;) parentPort?.postMessage('hello');
  },
  'asks and floods': () => {
    const words = new Int32Array(handoff.control);
    for (;;) {
      Atomics.store(words, 0, 1);
      handoff.port.postMessage(0);
    }
  },
  'waits in a system call': () => execSync('sleep 4'),
  'has threads of its own': () => {
    for (let count = 0; count < 2; count++) new Worker('for (;;);', { eval: true });
    for (;;);
  },
  'closes its port': async () => {
    handoff.port.close();
    await new Promise((resolve) => setTimeout(resolve, 1_000_000));
  },
};

export default async function misbehaves(guest: Guest): Promise<void> {
  const [name = ''] = guest.arguments;
  const way = WAYS[name];
  if (way === undefined) throw new Error(`no way named ${name}`);
  await way(guest);
}
