/** The machine `replay:FILE`: answers a program from a recording, and stops it where it does something else. */
import {
  platformFromWire,
  summaryFromWire,
  type FunctionSummary,
  type Machine,
  type MachineCapabilities,
  type PciFunction,
  type PlatformDevices,
} from '../../function/index.js';
import type { OpenslotError, PciAddress } from '../../pci/index.js';
import { Replay } from './replay.js';
import { ReplayedFunction, ReplayedPlatformDevice } from './replay-device.js';

/**
 * Each access must be the recorded one, in its order, else {@link ReplayDiffersError}; and from there on nothing is
 * answered.
 */
export class ReplayMachine implements Machine {
  readonly name: string;
  readonly capabilities: MachineCapabilities;
  readonly platform?: PlatformDevices;
  readonly #replay: Replay;

  /** @throws {RecordingFileError | RecordingMalformedError | RecordingTruncatedError} */
  constructor(file: string) {
    this.name = `replay:${file}`;
    const replay = new Replay(file);
    this.#replay = replay;
    // No hardware answers: nobody's frames are there to be mapped.
    this.capabilities = { ...replay.header.capabilities, machineFrames: false };
    if (replay.inventory.platform === undefined) return;
    this.platform = {
      list: () => (replay.inventory.platform ?? []).map(platformFromWire),
      open: (name) => new ReplayedPlatformDevice(name, replay.ask({ op: 'open', device: name }), replay),
    };
  }

  /** Told once, of what stopped the program, also where it only sees an errno of it: from then on nothing is answered. */
  onStopped(listener: (error: OpenslotError) => void): Disposable {
    return this.#replay.onStopped(listener);
  }

  list(): readonly FunctionSummary[] {
    return this.#replay.inventory.functions.map(summaryFromWire);
  }

  open(address: PciAddress): PciFunction {
    const facts = this.#replay.ask({ op: 'open', device: String(address) });
    return new ReplayedFunction(address, facts, this.#replay);
  }

  [Symbol.dispose](): void {
    this.#replay[Symbol.dispose]();
  }
}
