/** Puts functions of a simulated machine into a guest's hands, as the back end does. */
import type { ConfigSpace } from '../../src/function/index.js';
import { ExportedFunction, UNSAID, type RefusedWrite } from '../../src/pciback/index.js';
import type { PlacedShape } from '../function/simulated-host.js';
import { LocalHost } from '../xen/local-host.js';
import { HandlerGuest } from './shared-page-guest.js';

export class ExportingHost extends LocalHost {
  /** The guest's end of the page, and the handler behind it. */
  readonly handled: HandlerGuest;
  readonly exports: ExportedFunction[] = [];
  readonly refused: Parameters<RefusedWrite>[0][] = [];

  private constructor(shapes: readonly PlacedShape[]) {
    super(shapes);
    this.handled = new HandlerGuest(this.guestPlatform(1), this.platform);
  }

  /** `wrap` stands between the back end and each function's configuration space. */
  static async start(
    shapes: readonly PlacedShape[],
    wrap: (config: ConfigSpace) => ConfigSpace = (config) => config,
  ): Promise<ExportingHost> {
    const host = new ExportingHost(shapes);
    await host.claimAll();
    for (const { address } of shapes) host.#export(address, wrap);
    return host;
  }

  #export(address: PlacedShape['address'], wrap: (config: ConfigSpace) => ConfigSpace): void {
    const guest = this.domain(1).id;
    const lease = this.pool.take(address, `guest ${guest}`);
    const exported = new ExportedFunction(
      lease,
      wrap(lease.function.config),
      this.platform,
      guest,
      UNSAID,
      (write) => this.refused.push(write),
    );
    const { bus } = this.handled;
    bus.put(bus.placeFor(address, undefined, exported.isVirtual), exported);
    this.exports.push(exported);
  }
}
