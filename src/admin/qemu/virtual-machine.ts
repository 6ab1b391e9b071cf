/** A virtual machine of QEMU as its monitor shows it: its devices, its free ports, and what comes and goes while it runs. */
import { notations, tryParse, type PciAddress } from '../../pci/index.js';
import { isObject, MonitorRefusedError, type JsonObject, type MonitorClient } from '../../qmp/index.js';

/** Where QEMU keeps the devices that users gave it, with an id and without. */
const DEVICES = ['/machine/peripheral', '/machine/peripheral-anon'] as const;
/** Models to which one function can be plugged while the machine runs. */
const PORTS: ReadonlySet<string> = new Set(['pcie-root-port', 'ioh3420', 'xio3130-downstream']);

/** `port2` before `port10`. */
const BY_NUMBER = new Intl.Collator('en', { numeric: true });

interface Device {
  readonly path: string;
  readonly id: string;
  readonly model: string;
}

/** Where the guest finds a device. */
export interface GuestPlaceOfDevice {
  readonly bus: number;
  readonly slot: number;
  readonly function: number;
  readonly vendor: number;
  readonly device: number;
  /** Indices of its BARs that the guest has placed nowhere. */
  readonly unplaced: readonly number[];
}

export type Removal = 'gone' | 'refused' | 'silent';

export class VirtualMachine {
  readonly #monitor: MonitorClient;

  constructor(monitor: MonitorClient) {
    this.#monitor = monitor;
  }

  /** Functions of its host that it has by VFIO, with the id of each device. */
  async passedThrough(): Promise<readonly { readonly id: string; readonly address: PciAddress }[]> {
    const found: { id: string; address: PciAddress }[] = [];
    for (const { path, id, model } of await this.#devices()) {
      if (!model.startsWith('vfio-pci')) continue;
      const address = addressOf(await this.#property(path, 'host'));
      if (address !== undefined) found.push({ id, address });
    }
    return found;
  }

  async has(id: string): Promise<boolean> {
    return (await this.#devices()).some((device) => device.id === id);
  }

  /** Id of the first port with nothing behind it; undefined where there is none, and QEMU finds a place or does not. */
  async freePort(): Promise<string | undefined> {
    const devices = await this.#devices();
    const buses = new Set<unknown>();
    for (const { path } of devices) buses.add(await this.#property(path, 'parent_bus'));
    // A port's bus is below it, under the same name. QEMU lists in no order.
    return devices
      .filter(({ path, id, model }) => PORTS.has(model) && id !== '' && !buses.has(`${path}/${id}`))
      .map(({ id }) => id)
      .toSorted((a, b) => BY_NUMBER.compare(a, b))[0];
  }

  /** @throws {MonitorRefusedError} it does not take it. */
  async add(driver: string, id: string, given: JsonObject): Promise<void> {
    await this.#monitor.execute('device_add', { driver, id, ...given });
  }

  /** Undefined while the guest has given no number to the bus that it is on, or the device is not there. */
  async placeOf(id: string): Promise<GuestPlaceOfDevice | undefined> {
    const buses = await this.#monitor.execute('query-pci');
    return Array.isArray(buses) ? buses.map((bus) => findOn(bus, id)).find((place) => place) : undefined;
  }

  /**
   * Asks the guest to let go of a device, and waits until QEMU has none of it any more.
   * @param patience milliseconds. @throws {MonitorRefusedError} not for a device that is gone already.
   */
  async remove(id: string, patience: number): Promise<Removal> {
    let settle: (removal: Removal) => void = () => undefined;
    const told = new Promise<Removal>((resolve) => (settle = resolve));
    // Before it is asked: a guest whose port is off lets go at once.
    using _events = this.#monitor.onEvent((name, data) => {
      if (data['device'] !== id) return;
      if (name === 'DEVICE_DELETED') settle('gone');
      if (name === 'DEVICE_UNPLUG_GUEST_ERROR') settle('refused');
    });
    try {
      await this.#monitor.execute('device_del', { id });
    } catch (error) {
      if (!(error instanceof MonitorRefusedError)) throw error;
      if (error.errorClass === 'DeviceNotFound') return 'gone';
      // Somebody asked it before, and it has not answered yet.
      if (!/in the process of unplug|guest is busy|pending/i.test(error.said)) throw error;
    }
    const timer = setTimeout(settle, patience, 'silent');
    const removal = await told;
    clearTimeout(timer);
    // An event can have been told to nobody, as to a client before this one.
    return removal === 'silent' && !(await this.has(id)) ? 'gone' : removal;
  }

  async #devices(): Promise<readonly Device[]> {
    const found: Device[] = [];
    for (const folder of DEVICES) {
      const listed = await this.#monitor.execute('qom-list', { path: folder }).catch(ignoreRefusal);
      for (const entry of Array.isArray(listed) ? (listed as unknown[]) : []) {
        if (!isObject(entry)) continue;
        const { name, type } = entry;
        const model = typeof type === 'string' ? /^child<(.*)>$/.exec(type)?.[1] : undefined;
        if (typeof name !== 'string' || model === undefined) continue;
        found.push({ path: `${folder}/${name}`, id: folder === DEVICES[0] ? name : '', model });
      }
    }
    return found;
  }

  async #property(path: string, property: string): Promise<unknown> {
    return this.#monitor.execute('qom-get', { path, property }).catch(ignoreRefusal);
  }
}

/** A device that is just going has no properties any more. */
function ignoreRefusal(error: unknown): undefined {
  if (!(error instanceof MonitorRefusedError)) throw error;
  return undefined;
}

function addressOf(host: unknown): PciAddress | undefined {
  return typeof host === 'string' ? tryParse(notations.hex, host) : undefined;
}

/** Through bridges, as deep as they go. */
function findOn(bus: unknown, id: string): GuestPlaceOfDevice | undefined {
  const devices = isObject(bus) ? bus['devices'] : undefined;
  for (const device of Array.isArray(devices) ? (devices as unknown[]) : []) {
    if (!isObject(device)) continue;
    if (device['qdev_id'] === id) return placeOf(device);
    const behind = findOn(device['pci_bridge'], id);
    if (behind !== undefined) return behind;
  }
  return undefined;
}

function placeOf(device: JsonObject): GuestPlaceOfDevice | undefined {
  const { bus, slot, function: number, id, regions } = device;
  if (typeof bus !== 'number' || typeof slot !== 'number' || typeof number !== 'number') return undefined;
  const numberIn = (value: unknown) => (typeof value === 'number' ? value : 0);
  const ids = isObject(id) ? id : {};
  const unplaced = (Array.isArray(regions) ? (regions as unknown[]) : []).flatMap((region) =>
    isObject(region) && typeof region['bar'] === 'number' && region['bar'] < 6 && region['address'] === -1
      ? [region['bar']]
      : [],
  );
  return {
    bus,
    slot,
    function: number,
    vendor: numberIn(ids['vendor']),
    device: numberIn(ids['device']),
    unplaced,
  };
}
