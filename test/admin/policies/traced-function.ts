/** A function of the simulated machine behind a policy, traced: what a test's accesses come to. */
import {
  readConfig,
  type ConfigImage,
  type ConfigWidth,
  type PciFunction,
} from '../../../src/function/index.js';
import { parseMachine, SimMachine } from '../../../src/machines/sim/index.js';
import { guestConfig } from '../../../src/pciback/guest-config.js';
import { AccessTrace, DEFAULT_POLICY, type Policy } from '../../../src/pciback/index.js';
import { TracedConfig } from '../../../src/pciback/traced-config.js';
import { PciAddress } from '../../../src/pci/index.js';
import { deviceOf, TraceSummary, type TracedFunctionData } from '../../../src/admin/policies/index.js';

/** One access of a guest; a write is of `value`. */
export interface GuestAccess {
  readonly kind: 'read' | 'write';
  readonly offset: number;
  readonly width: ConfigWidth;
  readonly value: number;
}

/** With power management, Express and MSI-X; with MSI alone; conventional ones. Alone on their machines, which are quickly made. */
export const MODELS = ['nvme', 'edu', 'pcnet', 'clearing'] as const;
export type ModelName = (typeof MODELS)[number];

const DESCRIPTIONS = new Map(
  MODELS.map((model) => [model, parseMachine(`roots: [{slots: [{slot: "02", model: ${model}}]}]`)]),
);
const ADDRESS = new PciAddress(0, 0, 2, 0);

export class TracedSubject implements Disposable {
  readonly machine: SimMachine;
  readonly function: PciFunction;
  readonly image: ConfigImage;
  readonly data: TracedFunctionData;
  readonly trace = new AccessTrace(256);
  readonly #traced: TracedConfig;

  constructor(model: ModelName, policy: Policy = DEFAULT_POLICY) {
    this.machine = new SimMachine(DESCRIPTIONS.get(model));
    this.function = this.machine.open(ADDRESS);
    this.image = imageOf(this.function, policy);
    this.#traced = new TracedConfig(this.image, this.trace, 0);
    const [summary] = this.machine.list();
    if (summary === undefined) throw new RangeError(`there is no ${model}`);
    this.data = {
      ...deviceOf(summary),
      address: String(ADDRESS),
      virtual: '0000:00:00.0',
      config: Buffer.from(readConfig(this.image, () => undefined)).toString('base64'),
      policy: 'default',
      fromTheStart: true,
    };
  }

  do({ kind, offset, width, value }: GuestAccess): void {
    if (offset + width > this.#traced.size) return;
    if (kind === 'read') this.#traced.read(offset, width);
    else
      try {
        this.#traced.write(offset, width, value);
      } catch {
        // The trace has it as denied.
      }
  }

  /** As a client that fetched everything in time sums it up. */
  get summary(): TraceSummary {
    const summary = new TraceSummary();
    const { accesses, lost } = this.trace.since(0, 100_000);
    summary.add({ functions: [this.data], accesses, lost });
    return summary;
  }

  [Symbol.dispose](): void {
    this.function.close();
    this.machine[Symbol.dispose]();
  }
}

export function imageOf(fn: PciFunction, policy: Policy): ConfigImage {
  return guestConfig({
    function: fn,
    base: fn.config,
    policy,
    interruptLine: () => 0,
    onDropped: () => undefined,
    enable: () => undefined,
    onChanged: () => undefined,
  });
}
