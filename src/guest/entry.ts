/** The first module of a guest's worker: connects the platform and the bus, runs the program, and shuts down after it. */
import { inspect } from 'node:util';
import { workerData } from 'node:worker_threads';
// Its own part of the room, so that no worker loads the hypervisor.
import { connectGuest } from '../xen/local/guest/index.js';
import type { Handoff } from '../xen/local/index.js';
import { Xpci, type XpciOptions } from '../xpci/index.js';
import { GuestProgramError } from './errors.js';
import {
  LOADED_KEY,
  POWEROFF,
  SHUTDOWN_KEY,
  type Guest,
  type GuestProgram,
  type GuestStart,
} from './index.js';

const { handoff, data } = workerData as { readonly handoff: Handoff; readonly data: GuestStart };

interface Loaded {
  readonly program: GuestProgram;
  readonly xpciOptions: XpciOptions;
}

async function load(program: string): Promise<Loaded> {
  let module: { readonly default?: unknown; readonly xpciOptions?: XpciOptions };
  try {
    module = (await import(program)) as typeof module;
  } catch (cause) {
    throw new GuestProgramError(program, inspect(cause), { cause });
  }
  if (typeof module.default !== 'function')
    throw new GuestProgramError(program, 'it exports no default function');
  return { program: module.default as GuestProgram, xpciOptions: module.xpciOptions ?? {} };
}

const { program: main, xpciOptions } = await load(data.program);
await using platform = connectGuest(handoff);
await using xpci = await Xpci.start(platform, xpciOptions);
const shutdown = new AbortController();
await using _asked = await platform.store.watch(SHUTDOWN_KEY, async () => {
  if (shutdown.signal.aborted || (await platform.store.read(SHUTDOWN_KEY)) !== POWEROFF) return;
  shutdown.abort();
  // Ends the program's `changes()`: one that lives by them needs to know nothing more.
  await xpci.close();
});
// As kernels do: from now on it can be asked.
await platform.store.write(LOADED_KEY, '1');
const guest: Guest = {
  domain: platform.domain,
  name: handoff.name,
  arguments: data.arguments,
  platform,
  store: platform.store,
  xpci,
  shutdown: shutdown.signal,
};
await main(guest);
