/** What the demonstration's guest writes into its XenStore directory, awaited key by key. */
import type { EmbeddedHost } from 'openslot/admin';
import type { Watch } from 'openslot/xen/store';

type Domain = Parameters<EmbeddedHost['guests']['ended']>[0];

/** Longest wait for one report. */
const PATIENCE_MS = 20_000;

/** Each report is read once and removed, so that the next one of its name is a new one. */
export class GuestReports implements Disposable {
  readonly #host: EmbeddedHost;
  readonly #directory: string;
  readonly #ended: Promise<never>;
  #watch: Watch | undefined;
  #changed: () => void = () => undefined;

  private constructor(host: EmbeddedHost, guest: Domain) {
    this.#host = host;
    this.#directory = `/local/domain/${guest}/data`;
    this.#ended = host.guests.ended(guest).then(({ how }) => {
      throw new Error(`the guest ended (${how}) before it reported everything`);
    });
    // Awaited only while somebody waits for a report.
    this.#ended.catch(() => undefined);
  }

  static async follow(host: EmbeddedHost, guest: Domain): Promise<GuestReports> {
    const reports = new GuestReports(host, guest);
    reports.#watch = await host.xen.platform.store.watch(reports.#directory, () => {
      reports.#changed();
    });
    return reports;
  }

  /** @throws {Error} it does not come in time, or the guest ends before. */
  async next(name: string): Promise<string> {
    const path = `${this.#directory}/${name}`;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`the guest did not report ${name} within ${PATIENCE_MS / 1000} s`));
      }, PATIENCE_MS);
    });
    try {
      for (;;) {
        const change = new Promise<void>((resolve) => (this.#changed = resolve));
        const value = this.#host.store.read(path);
        if (value !== undefined) {
          this.#host.store.remove(path);
          return value;
        }
        await Promise.race([change, late, this.#ended]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    void this.#watch?.unwatch().catch(() => undefined);
  }
}
