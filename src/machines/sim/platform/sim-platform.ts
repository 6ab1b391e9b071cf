/** The platform devices of the simulated machine: their ranges on its bus, their lines, and who has them open. */
import {
  InterruptSources,
  PlatformDeviceNotFoundError,
  platformName,
  type InterruptSwitch,
  type PlatformDevice,
  type PlatformDevices,
  type PlatformDeviceSummary,
  type RegionInfo,
} from '../../../function/index.js';
import type { RootComplex } from '../bus/root-complex.js';
import type { VirtualClock } from '../clock.js';
import type { PlatformDescription } from '../description/description.js';
import { FunctionRegions } from '../device/function-regions.js';
import type { MachineDescriptionError } from '../errors.js';
import type { SimHost } from '../host/sim-host.js';
import { SimCounter } from '../program/sim-counter.js';
import type { PlatformKind } from './platform-kind.js';
import { SimPlatformDevice } from './sim-platform-device.js';

/** Legacy devices stand below 1 MiB, newer ones of the platform in the hole for them below the interrupt messages. */
const LEGACY_END = 0x10_0000;
const PLATFORM_BASE = 0xfed0_0000;
const PLATFORM_END = 0xfee0_0000;
const LEGACY_PORTS_END = 0x1000;
const MOST_ALIGNED = 8;

export interface PlatformParts {
  readonly root: RootComplex;
  readonly host: SimHost;
  readonly clock: VirtualClock;
}

/** One device, and what its views share. */
interface Built {
  readonly summary: PlatformDeviceSummary;
  readonly sources: InterruptSources;
}

export class SimPlatform implements PlatformDevices {
  readonly #machine: string;
  readonly #parts: PlatformParts;
  readonly #devices = new Map<string, Built>();
  readonly #open = new Set<SimPlatformDevice>();

  constructor(machine: string, parts: PlatformParts) {
    this.#machine = machine;
    this.#parts = parts;
  }

  list(): readonly PlatformDeviceSummary[] {
    return [...this.#devices.values()]
      .map(({ summary }) => summary)
      .sort((a, b) => Number((a.regions[0]?.address ?? 0n) - (b.regions[0]?.address ?? 0n)));
  }

  open(name: string): PlatformDevice {
    const built = this.#devices.get(name);
    if (built === undefined) throw new PlatformDeviceNotFoundError(name, this.#machine);
    const device = new SimPlatformDevice({
      ...this.#parts,
      summary: built.summary,
      sources: built.sources,
      onClose: () => this.#open.delete(device),
    });
    this.#open.add(device);
    return device;
  }

  /** @throws what `refuse` makes: no such kind, or no place for it. */
  add(
    { model, ports, memory, line, options = {} }: PlatformDescription,
    kinds: ReadonlyMap<string, PlatformKind>,
    refuse: (why: string, next?: string) => MachineDescriptionError,
  ): void {
    const kind = kinds.get(model);
    if (kind === undefined)
      throw refuse(
        `no platform device kind is named ${model}`,
        `known are ${[...kinds.keys()].sort().join(', ')}`,
      );
    const isIo = ports !== undefined;
    const start = ports ?? memory ?? 0;
    const end = start + kind.size;
    const why = this.#placeRefusal(isIo, start, end) ?? this.#lineRefusal(line);
    if (why !== undefined) throw refuse(why);
    const info: RegionInfo = {
      index: 0,
      kind: isIo ? 'io' : 'memory',
      size: kind.size,
      address: BigInt(start),
      prefetchable: false,
      wide: false,
    };
    const name = platformName([info]) ?? '';
    const { root, host, clock } = this.#parts;
    const pin = new PlatformLine(host, clock, line);
    const bus = {
      get now() {
        return clock.now;
      },
      after: (nanoseconds: number, action: () => void) => clock.after(nanoseconds, action),
      setPin: (level: boolean) => {
        pin.set(level);
      },
    };
    const regions = new FunctionRegions(kind.create(kind.options(options), bus), undefined);
    const map = isIo ? root.io : root.memory;
    map.addFixed({ start, end, responder: { regions }, region: 0, base: start });
    this.#devices.set(name, {
      summary: { name, model, regions: [info], interruptLines: line === undefined ? [] : [line] },
      sources: new InterruptSources(name, pin),
    });
  }

  close(): void {
    for (const device of [...this.#open]) device.close();
  }

  #placeRefusal(isIo: boolean, start: number, end: number): string | undefined {
    const { root } = this.#parts;
    const range = `0x${start.toString(16)} to 0x${(end - 1).toString(16)}`;
    if (start % MOST_ALIGNED !== 0) return `it begins at no multiple of ${MOST_ALIGNED}`;
    if (isIo && end > LEGACY_PORTS_END) return `the ports ${range} are PCI's from 0x1000 on`;
    const inPlace = end <= LEGACY_END || (start >= PLATFORM_BASE && end <= PLATFORM_END);
    if (!isIo && !inPlace) return `memory at ${range} is not below 1 MiB, nor from 0xfed00000 to 0xfedfffff`;
    const other = (isIo ? root.io : root.memory).fixedAt(start, end);
    return other === undefined ? undefined : `${range} is another platform device's`;
  }

  #lineRefusal(line: number | undefined): string | undefined {
    if (line === undefined) return undefined;
    const other = this.list().find(({ interruptLines }) => interruptLines.includes(line));
    return other === undefined ? undefined : `line ${line} is that of ${other.name}`;
  }
}

/** The one line of a platform device, as its model drives it and as a program is interrupted by it. */
class PlatformLine implements InterruptSwitch {
  readonly available: InterruptSwitch['available'];
  readonly #host: SimHost;
  readonly #clock: VirtualClock;
  readonly #line: number | undefined;
  #level = false;
  #counter: SimCounter | undefined;
  /** It was told of, and is told of again only after that was acknowledged. */
  #masked = false;

  constructor(host: SimHost, clock: VirtualClock, line: number | undefined) {
    this.#host = host;
    this.#clock = clock;
    this.#line = line;
    this.available = { intx: line === undefined ? 0 : 1, msi: 0, msix: 0 };
  }

  set(level: boolean): void {
    if (this.#line === undefined || level === this.#level) return;
    this.#level = level;
    this.#host.lines.hold(this.#line, level);
    this.#raise();
  }

  on(): SimCounter {
    this.#masked = false;
    const counter = new SimCounter(this.#clock, () => {
      this.#masked = false;
      this.#raise();
    });
    this.#counter = counter;
    this.#raise();
    return counter;
  }

  off(): void {
    this.#counter = undefined;
  }

  #raise(): void {
    if (!this.#level || this.#masked || this.#counter === undefined) return;
    this.#masked = true;
    this.#counter.raise();
  }
}
