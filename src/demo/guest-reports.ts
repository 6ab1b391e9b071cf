/** What the demonstration's guest writes into its XenStore directory, awaited key by key. */
import type { EmbeddedHost } from 'openslot/admin';
import type { DomainId } from 'openslot/xen';
import { homePath, Wakeups, type Watch } from 'openslot/xen/store';

/** Longest wait for one report. */
const PATIENCE_MS = 20_000;

/** Each report is read once and removed, so that the next one of its name is a new one. */
export class GuestReports implements AsyncDisposable {
  readonly #host: EmbeddedHost;
  readonly #directory: string;
  /** At every change of the directory, and when the guest ends. */
  readonly #wakeups = new Wakeups();
  #watch: Watch | undefined;
  #end: string | undefined;

  private constructor(host: EmbeddedHost, guest: DomainId) {
    this.#host = host;
    this.#directory = `${homePath(guest)}/data`;
    void host.guests.ended(guest).then(({ how }) => {
      this.#end = how;
      this.#wakeups.announce();
    });
  }

  static async follow(host: EmbeddedHost, guest: DomainId): Promise<GuestReports> {
    const reports = new GuestReports(host, guest);
    reports.#watch = await host.xen.platform.store.watch(reports.#directory, () => {
      reports.#wakeups.announce();
    });
    return reports;
  }

  /** @throws {Error} it does not come in time, or the guest ends before. */
  async next(name: string): Promise<string> {
    const path = `${this.#directory}/${name}`;
    let value: string | undefined;
    await this.#wakeups.until(() => {
      value = this.#host.store.read(path);
      return value !== undefined || this.#end !== undefined;
    }, PATIENCE_MS);
    if (value === undefined) {
      throw new Error(
        this.#end === undefined
          ? `the guest did not report ${name} within ${PATIENCE_MS / 1000} s`
          : `the guest ended (${this.#end}) before it reported ${name}`,
      );
    }
    this.#host.store.remove(path);
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The watch ends with the host's own connection, too.
    await this.#watch?.unwatch().catch(() => undefined);
  }
}
