/** What lspci's switches ask for, as plain data. */
import type { DeviceFilter, SlotFilter } from './filters.js';

/** How ids are written: as names, as numbers (`-n`), as both (`-nn`). */
export type IdStyle = 'names' | 'numbers' | 'both';

/** Of {@link lspciText}; `openslot show --format lspci` takes them as lspci does. */
export interface LspciOptions {
  /** 0 to 3: how often `-v` was said. */
  readonly verbosity: number;
  readonly ids: IdStyle;
  /** 0 to 4: how often `-x` was said; 1 and 2 the header, 3 the first 256 bytes, 4 all of it. */
  readonly hex: number;
  /** 0 to 2: how often `-m` was said; 1 is the older form, which differs in one tag of its verbose records. */
  readonly machine: number;
  /** `-t`: the topology instead of records. */
  readonly tree: boolean;
  /** `-k`: who drives it. */
  readonly kernel: boolean;
  /** `-D`: domains are written even where all are 0. */
  readonly domains: boolean;
  /** 0 to 2: how often `-P` was said; the way to a function instead of its bus, 2 with the buses on it. */
  readonly path: number;
  /** The functions that are named, by the `sbdf` of their addresses; absent for all. */
  readonly only?: ReadonlySet<number>;
  /** `-s`. */
  readonly slot?: SlotFilter;
  /** `-d`. */
  readonly device?: DeviceFilter;
}

/** Without a switch. */
export const PLAIN: LspciOptions = {
  verbosity: 0,
  ids: 'names',
  hex: 0,
  machine: 0,
  tree: false,
  kernel: false,
  domains: false,
  path: 0,
};
