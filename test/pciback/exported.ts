/** Puts functions of a simulated machine into a guest's hands, as the back end does. */
import { DEFAULT_POLICY, ExportedFunction, type RefusedWrite } from '../../src/pciback/index.js';
import type { Device } from '../xen/devices.js';
import { LocalHost } from '../xen/local-host.js';
import { HandlerGuest } from './shared-page-guest.js';

export class ExportingHost extends LocalHost {
  readonly handled: HandlerGuest;
  readonly exports: ExportedFunction[] = [];
  readonly refused: Parameters<RefusedWrite>[0][] = [];

  private constructor(devices: readonly Device[]) {
    super(devices);
    this.handled = new HandlerGuest(this.guestPlatform(1), this.platform);
  }

  /** `before` sees the hardware as the host's driver leaves it. */
  static async start(devices: readonly Device[], before?: (host: LocalHost) => void): Promise<ExportingHost> {
    const host = new ExportingHost(devices);
    before?.(host);
    await host.claimAll();
    for (const { address } of devices) host.#export(address);
    return host;
  }

  #export(address: Device['address']): void {
    const guest = this.domain(1).id;
    const lease = this.pool.take(address, `guest ${guest}`);
    const exported = new ExportedFunction(
      lease,
      lease.function.config,
      this.platform,
      guest,
      DEFAULT_POLICY,
      (write) => this.refused.push(write),
    );
    const { bus } = this.handled;
    bus.put(bus.placeFor(address), exported);
    this.exports.push(exported);
  }
}
