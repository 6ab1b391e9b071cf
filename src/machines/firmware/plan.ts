/** The tree of a machine as firmware works on it: what stands on each bus, and what is said of numbers and addresses. */
import type { ConfigWidth, RegionInfo } from '../../function/index.js';

/** Configuration space of what stands somewhere, whether it has an address yet or not. Each call is one access. */
export interface ConfigRegisters {
  configRead(offset: number, width: ConfigWidth): number;
  configWrite(offset: number, width: ConfigWidth, value: number): void;
}

/** Addresses that a bridge passes down, both ends included; none where the base is above the limit. */
export interface Window {
  readonly base: number;
  readonly limit: number;
}

/** What addresses are given out for, each with windows of its own in a bridge. */
export type AddressKind = 'io' | 'memory' | 'prefetchable';

/** What reaches the root buses. */
export type HostWindows = Readonly<Record<AddressKind, Window>>;

/** Where a part stands in what the machine was made from, as refusals name it. */
export type PartPath = readonly (string | number)[];

export interface PlannedFunction {
  readonly kind: 'function';
  readonly path: PartPath;
  /** As refusals name it. */
  readonly name: string;
  readonly registers: ConfigRegisters;
  /** The expansion ROM may be among them. */
  readonly regions: readonly (Pick<RegionInfo, 'index' | 'kind' | 'size'> &
    Partial<Pick<RegionInfo, 'prefetchable' | 'wide'>>)[];
  /** Addresses that are not firmware's to choose, by BAR. */
  readonly given: Readonly<Record<number, { readonly address: number }>>;
}

export interface PlannedBridge {
  readonly kind: 'bridge';
  readonly path: PartPath;
  readonly registers: ConfigRegisters;
  /** What is not firmware's to choose: the number of the bus behind it, its windows. */
  readonly given: { readonly secondary?: number } & Readonly<Partial<Record<AddressKind, Window>>>;
  /** Asked for once the bridge has its bus numbers: only then does it let through to them. */
  readonly children: readonly Planned[];
}

export type Planned = PlannedBridge | PlannedFunction;

export interface PlannedRoot {
  readonly path: PartPath;
  readonly domain: number;
  /** Bus number that is not firmware's to choose. */
  readonly given: number | undefined;
  /** Told its number. */
  readonly setNumber: (bus: number) => void;
  readonly children: readonly Planned[];
}

/** Makes the refusal of one part. */
export type Refuse = (path: PartPath, why: string, next?: string) => Error;
