/** Keeps the kernel's own PCI back end off the guests' pairs, and gives every other device class its kernel driver. */
import { existsSync } from 'node:fs';
import { readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder, readRegularFile, writeNewFile } from '../../durable/index.js';
import type { DomainId } from '../domain.js';
import { homePath, type Watch, type XenStore } from '../store/index.js';

const BUS = '/sys/bus/xen-backend';
const AUTOPROBE = join(BUS, 'drivers_autoprobe');
/** The kernel creates a device from the same XenStore event that wakes us; it may come a little later. */
const APPEARS_WITHIN_MS = 1000;
const LOOK_EVERY_MS = 20;

/**
 * xen-pciback is two things: the driver that holds a function, and a back end that would compete for `pci-<domid>-0`.
 * The kernel has no way to keep it from one device, only to stop automatic probing of the whole bus. So probing is
 * stopped, and block, network and other back ends are probed by us, as the kernel would have.
 */
export class KernelBackends implements AsyncDisposable {
  readonly #watch: Watch | undefined;
  readonly #former: FormerProbing;

  private constructor(watch: Watch | undefined, former: FormerProbing) {
    this.#watch = watch;
    this.#former = former;
  }

  /**
   * `onError` is told when a device of another class could not be probed.
   * @param record a file that says, while probing is stopped, how it was before: a process that is killed leaves it
   * stopped, and the next one must know what to put back in the end.
   */
  static async keepOff(
    store: XenStore,
    domain: DomainId,
    onError: (device: string, error: unknown) => void,
    record: string,
  ): Promise<KernelBackends> {
    const former = new FormerProbing(record);
    if (!existsSync(AUTOPROBE)) return new KernelBackends(undefined, former);
    await former.stop();
    const root = `${homePath(domain)}/backend`;
    const probing = new Set<string>();
    const start = (name: string) => {
      if (name.startsWith('pci-') || probing.has(name)) return;
      probing.add(name);
      // Not awaited by the watch: devices that the kernel never makes must not keep the others waiting.
      void probe(name)
        .catch((error: unknown) => {
          onError(name, error);
        })
        .finally(() => probing.delete(name));
    };
    const watching = store.watch(root, async (path) => {
      const [kind, guest, device, ...below] = path.slice(root.length + 1).split('/');
      if (path === root) {
        // At the start, and after a flood of events: whatever the kernel has by now.
        for (const name of await readdir(join(BUS, 'devices'))) start(name);
      } else if (kind !== undefined && guest !== undefined && device !== undefined && below.length === 0) {
        // The node of a device itself, which the tool stack makes once.
        if (/^[a-z0-9]+$/.test(kind) && /^\d+$/.test(guest) && /^\d+$/.test(device))
          start(`${kind}-${guest}-${device}`);
      }
    });
    try {
      return new KernelBackends(await watching, former);
    } catch (cause) {
      await former.putBack();
      throw cause;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#watch === undefined) return;
    await this.#watch.unwatch().catch(() => undefined);
    await this.#former.putBack();
  }
}

/** Automatic probing as it was before the first of us stopped it. */
export class FormerProbing {
  readonly #record: string;
  readonly #file: string;

  constructor(record: string, file = AUTOPROBE) {
    this.#record = record;
    this.#file = file;
  }

  async stop(): Promise<void> {
    if (this.#known() === undefined) {
      makeFolder(dirname(this.#record), 0o700);
      // Taken down first: a process that ends in between has changed nothing.
      writeNewFile(this.#record, (await readFile(this.#file, 'latin1')).trim());
    }
    await writeFile(this.#file, '0');
  }

  async putBack(): Promise<void> {
    // A record that was cut off says nothing; the kernel's own value is on.
    await writeFile(this.#file, this.#known() === '0' ? '0' : '1');
    await rm(this.#record, { force: true });
  }

  #known(): string | undefined {
    try {
      return readRegularFile(this.#record, 'latin1');
    } catch {
      return undefined;
    }
  }
}

async function probe(name: string): Promise<void> {
  const device = join(BUS, 'devices', name);
  for (let waited = 0; !existsSync(device); waited += LOOK_EVERY_MS) {
    // A back end in user space (a console daemon, QEMU) has no kernel device at all.
    if (waited >= APPEARS_WITHIN_MS) return;
    await sleep(LOOK_EVERY_MS);
  }
  const bound = await readlink(join(device, 'driver')).catch(() => undefined);
  if (bound === undefined) await writeFile(join(BUS, 'drivers_probe'), name);
}
