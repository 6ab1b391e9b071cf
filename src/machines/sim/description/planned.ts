/** A built machine with what its description says of it: firmware's plan, and what firmware does not ask for. */
import type { HostUse } from '../../../function/index.js';
import type { PlannedBridge, PlannedFunction, PlannedRoot } from '../../firmware/index.js';
import type { Bridge } from '../bus/bridge.js';
import type { Endpoint } from '../device/endpoint.js';
import type { DeviceFault } from '../device/faults.js';

export interface BuiltFunction extends PlannedFunction {
  readonly registers: Endpoint;
  readonly driver: string | undefined;
  readonly faults: readonly DeviceFault[];
  /** What firmware calls it. */
  readonly label: string | undefined;
  readonly uses: readonly HostUse[];
  readonly physicalSlot: string | undefined;
}

export interface BuiltBridge extends PlannedBridge {
  readonly registers: Bridge;
  readonly children: readonly Built[];
}

export type Built = BuiltBridge | BuiltFunction;

export interface BuiltRoot extends PlannedRoot {
  readonly numaNode: number | undefined;
  readonly children: readonly Built[];
}
