/** A built machine with what its description says of numbers and addresses: what firmware works on. */
import type { Bridge } from '../bus/bridge.js';
import type { SimBus } from '../bus/bus.js';
import type { BridgeDescription, FunctionDescription } from '../description/description.js';
import type { DescriptionPath } from '../description/path.js';
import type { Endpoint } from '../device/endpoint.js';
import type { DeviceFault } from '../device/faults.js';
import type { MachineDescriptionError } from '../errors.js';

export interface PlannedFunction {
  readonly kind: 'function';
  readonly path: DescriptionPath;
  readonly endpoint: Endpoint;
  /** Addresses that the description gives, by BAR. */
  readonly given: NonNullable<FunctionDescription['regions']>;
  readonly driver: string | undefined;
  readonly faults: readonly DeviceFault[];
}

export interface PlannedBridge {
  readonly kind: 'bridge';
  readonly path: DescriptionPath;
  readonly bridge: Bridge;
  readonly given: BridgeDescription['bridge'];
  readonly children: readonly Planned[];
}

export type Planned = PlannedBridge | PlannedFunction;

export interface PlannedRoot {
  readonly path: DescriptionPath;
  readonly bus: SimBus;
  /** Bus number that the description gives. */
  readonly given: number | undefined;
  readonly children: readonly Planned[];
}

/** Makes the refusal of one part of the description. */
export type Refuse = (path: DescriptionPath, why: string, next?: string) => MachineDescriptionError;
