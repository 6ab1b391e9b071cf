/** A survey of a machine: what each function has that others may have too, read once, and all through the port. */
import { Header, type PciAddress } from '../pci/index.js';
import type { ConfigSpace, RegionInfo, ResetMethod } from './function.js';
import { deriveGroups, isolationOf, UNREAD, type Isolation } from './isolation.js';
import type { FunctionSummary, Machine } from './machine.js';

/** Where an INTx pin leaves the bus hierarchy: a pin of a device on a root bus. */
export interface Wire {
  readonly domain: number;
  readonly bus: number;
  readonly device: number;
  /** 1 (INTA) to 4 (INTD). */
  readonly pin: number;
}

export interface SurveyedFunction {
  readonly summary: FunctionSummary;
  readonly regions: readonly RegionInfo[];
  readonly resetMethods: readonly ResetMethod[];
  /** Number of its line on the host; undefined without INTx, and where the host does not tell it now. */
  readonly line: number | undefined;
  /** Undefined without INTx. */
  readonly wire: Wire | undefined;
  /** Functions with one number cannot be told apart by an IOMMU; undefined where none is known to stand in their way. */
  readonly group: number | undefined;
  /** A virtual function, of SR-IOV: what it has in common with its device is for its physical function to keep apart. */
  readonly isVirtual?: boolean;
}

/** All functions of a machine, and who says which of them its IOMMU cannot tell apart. */
export interface Survey {
  /** In order of address. One that cannot be opened any more is left out. */
  readonly functions: readonly SurveyedFunction[];
  /**
   * Who says what the groups are: the machine, or what PCI says of bridges and devices where the machine says nothing
   * (under a hypervisor, which keeps the IOMMU for itself).
   */
  readonly groups: 'told' | 'derived';
}

const SECONDARY_BUS = 0x19;
const LAST_PIN = 4;

/** What is read of a function before the whole is known. */
interface Read {
  readonly summary: FunctionSummary;
  readonly regions: readonly RegionInfo[];
  readonly resetMethods: readonly ResetMethod[];
  readonly interruptLine: number | undefined;
  /** 1 (INTA) to 4 (INTD); undefined without INTx; `unreadable` where configuration space cannot be read. */
  readonly pin: number | 'unreadable' | undefined;
  readonly isolation: Isolation;
  readonly isVirtual: boolean;
}

/** Reads configuration space of every function; a function that goes meanwhile is left out. */
export function surveyMachine(machine: Machine): Survey {
  const told = machine.capabilities.iommuGroups;
  const read = machine.list().flatMap((summary) => readFunction(machine, summary, !told) ?? []);
  const bridges = new Map<string, PciAddress>();
  for (const { summary, isolation } of read)
    if (isolation.secondary !== undefined)
      bridges.set(busKey(summary.address.domain, isolation.secondary), summary.address);
  const above = ({ domain, bus }: PciAddress) => bridges.get(busKey(domain, bus));
  const derived = told
    ? undefined
    : deriveGroups(
        read.map(({ summary, isolation }) => ({ address: summary.address, ...isolation })),
        above,
      );
  const functions = read.map(
    ({ summary, regions, resetMethods, interruptLine, pin, isVirtual }): SurveyedFunction => ({
      summary,
      regions,
      resetMethods,
      line: pin === undefined ? undefined : interruptLine,
      wire: typeof pin === 'number' ? wireOf(summary.address, pin, above) : undefined,
      group: told ? summary.iommuGroup : derived?.get(summary.address.sbdf),
      isVirtual,
    }),
  );
  return { functions, groups: told ? 'told' : 'derived' };
}

/** Undefined for a function that is gone, or whose files are. */
function readFunction(machine: Machine, summary: FunctionSummary, derives: boolean): Read | undefined {
  try {
    using fn = machine.open(summary.address);
    const { regions, resetMethods, interruptLine, config } = fn;
    return {
      summary,
      regions,
      resetMethods,
      interruptLine,
      isVirtual: fn.virtual !== undefined,
      ...readConfig(config, summary, derives),
    };
  } catch {
    return undefined;
  }
}

/**
 * What cannot be read is taken for what shares more. Capabilities are looked at where groups must be derived from them:
 * reading them may wake a device.
 */
function readConfig(
  config: ConfigSpace,
  summary: FunctionSummary,
  derives: boolean,
): Pick<Read, 'pin' | 'isolation'> {
  try {
    const secondary = secondaryOf(config, summary);
    const isolation = derives ? isolationOf(config, secondary) : { ...UNREAD, secondary };
    return { pin: pinOf(config), isolation };
  } catch {
    return { pin: 'unreadable', isolation: UNREAD };
  }
}

function pinOf(config: ConfigSpace): number | undefined {
  const pin = config.read(Header.interruptPin, 1);
  return pin >= 1 && pin <= LAST_PIN ? pin : undefined;
}

/** The bus behind a bridge; undefined for what is none, and for a bridge that nobody has given a bus. */
function secondaryOf(config: ConfigSpace, { headerType }: FunctionSummary): number | undefined {
  if (headerType !== 1) return undefined;
  const secondary = config.read(SECONDARY_BUS, 1);
  return secondary === 0 || secondary === 0xff ? undefined : secondary;
}

function busKey(domain: number, bus: number): string {
  return `${domain}:${bus}`;
}

/** Each bridge turns the pins of a device by its device number (PCI-to-PCI Bridge Architecture 1.2, 9.1). */
function wireOf(address: PciAddress, pin: number, above: (of: PciAddress) => PciAddress | undefined): Wire {
  let at = address;
  let routed = pin;
  const passed = new Set<number>();
  for (let bridge = above(at); bridge !== undefined && !passed.has(bridge.sbdf); bridge = above(at)) {
    // Bus numbers that are in the middle of being changed may lead in a circle.
    passed.add(bridge.sbdf);
    routed = ((routed - 1 + at.device) % LAST_PIN) + 1;
    at = bridge;
  }
  return { domain: at.domain, bus: at.bus, device: at.device, pin: routed };
}
