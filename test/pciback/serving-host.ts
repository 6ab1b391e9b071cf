/** A served host with a disk and an edu in its pool, for tests of the back end's life with guests. */
import type { OpenslotError } from '../../src/pci/index.js';
import { disk, edu } from '../function/shapes.js';
import { ServedHost } from './served-host.js';

export const DISK = '0000:00:08.0';
export const EDU = '0000:00:05.0';
export const NOTHING_OPEN = { pages: 0, channels: 0 };

export class ServingHost extends ServedHost {
  static async start(): Promise<ServingHost> {
    const host = new ServingHost([disk(), edu()]);
    await host.claimAll();
    await host.serve();
    return host;
  }

  failures(): readonly OpenslotError[] {
    return this.events.flatMap((event) => (event.event === 'failed' ? [event.error as OpenslotError] : []));
  }

  states(): readonly string[] {
    return this.pool.list().map(({ state }) => state);
  }

  get resets(): number {
    return this.machine.device(disk().address).resets;
  }
}
