/** The trace of one guest: its functions as they were when tracing began with them, and its accesses since. */
import { readConfig } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import { AccessTrace } from './access-trace.js';
import type { ExportedFunction } from './exported-function.js';
import type { FunctionPolicy } from './policy.js';
import { TracedConfig } from './traced-config.js';

/** A function of a traced guest. */
export interface TracedFunction {
  readonly address: PciAddress;
  /** Where the guest sees it. */
  readonly virtual: PciAddress;
  /** What the guest could read when tracing began; it ends where no more could be read. */
  readonly config: Uint8Array;
  /** What it is held to. */
  readonly policy: FunctionPolicy;
  /** The guest had not seen it before: what its driver does at the start is in the trace. */
  readonly fromTheStart: boolean;
}

/** Ends when it is disposed of: functions are then as if they had never been traced. */
export class GuestTrace implements Disposable {
  readonly accesses: AccessTrace;
  readonly #functions: TracedFunction[] = [];
  readonly #traced = new Set<ExportedFunction>();

  constructor(accesses = new AccessTrace()) {
    this.accesses = accesses;
  }

  /** In the order in which they came; what the guest has lost since stays. */
  get functions(): readonly TracedFunction[] {
    return this.#functions;
  }

  /** Reads the function's configuration space once, as the guest would. */
  add(exported: ExportedFunction, virtual: PciAddress, fromTheStart: boolean): void {
    if (this.#traced.has(exported)) return;
    const { config, physical, policy } = exported;
    const index = this.#functions.length;
    this.#functions.push({
      address: physical,
      virtual,
      config: readConfig(config, () => undefined),
      policy,
      fromTheStart,
    });
    this.#traced.add(exported);
    exported.reachThrough(new TracedConfig(config, this.accesses, index));
  }

  [Symbol.dispose](): void {
    for (const exported of this.#traced) exported.reachThrough(exported.config);
    this.#traced.clear();
  }
}
