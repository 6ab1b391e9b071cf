/** What a hostile run says of itself, and running one in a process of its own. */
import type { Cause } from './allowed-writes.js';
import type { KindCount } from './kind-counts.js';

/** What there is at one moment between two waves. */
export interface Holdings {
  readonly domains: number;
  readonly grants: number;
  readonly channels: number;
  readonly ranges: number;
  readonly pirqs: number;
  /** Pages that the back end has mapped. */
  readonly pages: number;
  readonly mapped: number;
  readonly granted: number;
  readonly tables: number;
  readonly backEnds: number;
  readonly connections: number;
  readonly watches: number;
  readonly nodes: number;
  /** Events of the machine's clock that have not happened. */
  readonly events: number;
  /** Bytes of the owner's heap after a collection. */
  readonly heap: number;
}

export interface HostileReport {
  readonly seed: number;
  readonly kinds: Readonly<Record<string, KindCount>>;
  /** Operations that the back end answered or refused. */
  readonly serviced: number;
  /** Of everything that each honest guest has seen. */
  readonly digests: readonly string[];
  /** By function of an honest guest: digest of every write that reached it, in their order. */
  readonly honestWrites: Readonly<Record<string, string>>;
  readonly hardwareWrites: Readonly<Record<Cause, number>>;
  /** What must not have happened. */
  readonly findings: readonly string[];
  /** After a tenth of the operations, and after all of them. */
  readonly early: Holdings;
  readonly late: Holdings;
}
