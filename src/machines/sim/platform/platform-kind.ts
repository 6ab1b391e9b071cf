/** A kind of platform device: what a machine description can name under `platform`. */
import type { DeviceModel, ModelBus } from '../device-model.js';
import { uart16550 } from './uart16550.js';

/** What a platform device has of its machine: the time, and one interrupt line. */
export type PlatformBus = Pick<ModelBus, 'now' | 'after' | 'setPin'>;

export interface PlatformKind<Options = unknown> {
  /** As descriptions name it: `uart16550`. */
  readonly name: string;
  /** One line for lists and help. */
  readonly summary: string;
  /** Bytes of its range of ports or memory: the model's region 0. */
  readonly size: number;
  /** Checks what a description gives. @throws {MachineDescriptionError} */
  options(given: Readonly<Record<string, unknown>>): Options;
  create(options: Options, bus: PlatformBus): DeviceModel;
}

/** Every kind by its name, with those of a program. */
export function platformKinds(own: readonly PlatformKind[] = []): ReadonlyMap<string, PlatformKind> {
  return new Map([uart16550, ...own].map((kind) => [kind.name, kind]));
}
