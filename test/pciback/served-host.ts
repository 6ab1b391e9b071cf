/** A host for tests whose guests a back end of ours serves, with what it told. */
import assert from 'node:assert/strict';
import {
  describeEvent,
  Pciback,
  type FrontEndKind,
  type PcibackEvent,
  type PcibackOptions,
} from '../../src/pciback/index.js';
import type { PciAddress } from '../../src/pci/index.js';
import type { DomainId } from '../../src/xen/domain.js';
import { until } from '../until.js';
import { LocalHost } from '../xen/local-host.js';
import { StrictFront } from '../front-ends/strict-front.js';
import { FrontEnd } from './front-end.js';

export class ServedHost extends LocalHost {
  readonly events: PcibackEvent[] = [];
  #pciback: Pciback | undefined;

  async serve(options: Partial<PcibackOptions> = {}): Promise<void> {
    this.#pciback = await this.serveBesides((event) => this.events.push(event), options);
  }

  /** One more back end of the same host. */
  serveBesides(
    onEvent: (event: PcibackEvent) => void,
    options: Partial<PcibackOptions> = {},
  ): Promise<Pciback> {
    const { platform, pool, machine } = this;
    const errors = machine.sim.errors;
    return Pciback.start({ platform, pool, holder: 'pciback', errors, onEvent, ...options });
  }

  async endServing(): Promise<void> {
    await this.#pciback?.[Symbol.asyncDispose]();
    this.#pciback = undefined;
  }

  get pciback(): Pciback {
    assert.ok(this.#pciback !== undefined, 'nobody serves');
    return this.#pciback;
  }

  /** As attachments ask for it. */
  refusal(guest: DomainId, address: PciAddress): Error | undefined {
    return this.#pciback?.refusal(guest, address);
  }

  frontEnd(guest: DomainId): FrontEndKind | undefined {
    return this.#pciback?.frontEnd(guest);
  }

  /** A guest that runs from now on; its front end says nothing by itself. */
  front(guest: number): FrontEnd {
    return new FrontEnd(this.platform, this.guestPlatform(guest));
  }

  /** A guest whose front end is a strict old one; it boots when it is told to. */
  strictFront(guest: number): StrictFront {
    return new StrictFront(this.platform, this.guestPlatform(guest));
  }

  /** Settles when what the back end or a guest brings about is so. */
  settled(condition: () => boolean): Promise<void> {
    return until(condition, () => `not reached; events:\n${this.events.map(describeEvent).join('\n')}`);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.endServing();
    await super[Symbol.asyncDispose]();
  }
}
