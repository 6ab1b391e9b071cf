/** The platform interface on a real Xen's control domain. */
import { closeSync } from 'node:fs';
import type { PciAddress } from '../../pci/index.js';
import type { DomainId } from '../domain.js';
import type {
  Assignment,
  EventChannel,
  EventPort,
  ForeignPage,
  GrantReference,
  GuestPermissions,
  GuestStatus,
  OnEvent,
  Pirqs,
  XenPlatform,
} from '../platform.js';
import type { XenStore } from '../store/index.js';
import { Control } from './control.js';
import { openDevice } from './device-file.js';
import { EventChannels } from './event-channels.js';
import { Grants } from './grants.js';
import { NotControlDomainError } from './errors.js';
import { Hypercalls } from './hypercalls.js';
import { controlDomainVersion } from './hypervisor.js';
import { guestType } from './domain-info.js';
import { configuredType, lackingOptions } from './guest-configuration.js';
import { openStore, ownDomain } from './native-store.js';
import { PhysicalDevices } from './physical-devices.js';
import { Scheduling } from './scheduling.js';

/** Domctls decide who reaches the function, physdev calls protect its vectors: together they are its assignment. */
class NativeAssignment implements Assignment {
  readonly #control: Control;
  readonly #devices: PhysicalDevices;

  constructor(control: Control, devices: PhysicalDevices) {
    this.#control = control;
    this.#devices = devices;
  }

  translates(): boolean {
    return this.#control.hasIommu();
  }

  assign(guest: DomainId, address: PciAddress): void {
    this.#control.assign(guest, address);
  }

  deassign(guest: DomainId, address: PciAddress): void {
    this.#control.deassign(guest, address);
  }

  quarantine(address: PciAddress): void {
    this.#control.quarantine(address);
  }

  unquarantine(address: PciAddress): boolean {
    return this.#control.unquarantine(address);
  }

  prepareMsix(address: PciAddress): boolean {
    return this.#devices.prepareMsix(address);
  }

  releaseMsix(address: PciAddress): void {
    this.#devices.releaseMsix(address);
  }
}

/** Device files and libraries, opened together and closed together. */
interface Parts {
  readonly channels: EventChannels;
  readonly grants: Grants;
  readonly devices: PhysicalDevices;
  readonly control: Control;
}

class NativePlatform implements XenPlatform {
  readonly domain: DomainId;
  readonly store: XenStore;
  readonly needsMachineFrames = true;
  readonly permissions: GuestPermissions;
  readonly pirqs: Pirqs;
  readonly assignment: Assignment;
  readonly #parts: Parts;
  readonly #close: () => void;

  constructor(domain: DomainId, store: XenStore, parts: Parts, close: () => void) {
    this.domain = domain;
    this.store = store;
    this.#parts = parts;
    this.#close = close;
    this.permissions = parts.control;
    this.pirqs = parts.devices;
    this.assignment = new NativeAssignment(parts.control, parts.devices);
  }

  status(guest: DomainId, uuid: string): GuestStatus {
    const info = this.#parts.control.info(guest);
    return {
      type: guestType(info, configuredType(guest, uuid)),
      paused: info.paused,
      lacking: lackingOptions(guest, uuid),
    };
  }

  mapGrant(owner: DomainId, reference: GrantReference): ForeignPage {
    return this.#parts.grants.map(owner, reference);
  }

  bindChannel(peer: DomainId, port: EventPort, onEvent: OnEvent): EventChannel {
    return this.#parts.channels.bind(peer, port, onEvent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    this.#close();
  }
}

/**
 * Opens the running Xen. Domctls are resolved at their first use, so that a Xen whose libxenctrl is not known can
 * still serve guests whose permissions `xl` has set.
 * @throws {XenNotFoundError | NotControlDomainError | XenPermissionError | XenStoreError | NativeUnavailableError}
 */
export async function openNativePlatform(): Promise<XenPlatform> {
  const version = controlDomainVersion();
  // Xen's libraries open it themselves, and print what they meet; asked first, the refusal is ours to word.
  closeSync(openDevice('/dev/xen/privcmd', 'xen-privcmd'));
  const opened: Disposable[] = [];
  const keep = <T extends Disposable>(part: T): T => {
    opened.push(part);
    return part;
  };
  const close = () => {
    for (const part of opened.reverse()) part[Symbol.dispose]();
  };
  try {
    const hypercalls = keep(new Hypercalls());
    const parts: Parts = {
      control: keep(new Control(version)),
      devices: keep(new PhysicalDevices(hypercalls)),
      grants: keep(new Grants()),
      channels: keep(new EventChannels(keep(new Scheduling(hypercalls)))),
    };
    const store = await openStore();
    try {
      const own = await ownDomain(store);
      if (own === undefined) throw new NotControlDomainError('XenStore names no domain id for us');
      return new NativePlatform(own, store, parts, close);
    } catch (cause) {
      await store.close();
      throw cause;
    }
  } catch (cause) {
    close();
    throw cause;
  }
}
