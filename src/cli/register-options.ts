/** What the commands that access registers have in common: their options, and the maps that they name registers by. */
import { Option, type Command } from 'commander';
import { readGivenFile } from '../durable/index.js';
import { knownMaps, mapsFor, OpenslotError, type RegisterMap } from '../pci/index.js';
import { parseRegisterMap } from '../proto/program/index.js';
import { machineOption, recordOption, type RecordChoice } from './machine-option.js';

/** A map's file cannot be read. */
export class MapUnreadableError extends OpenslotError {
  readonly code = 'REGISTER_MAP_UNREADABLE';
  constructor(file: string, errno: string, options?: ErrorOptions) {
    const known = knownMaps.map(({ name }) => name);
    super(
      `${file} cannot be read: ${errno}`,
      { file, errno, known },
      `name a file, or a map that comes with openslot: ${known.join(', ')}`,
      options,
    );
  }
}

export interface RegisterOptions extends RecordChoice {
  readonly map: readonly string[];
  readonly evenIfUsed?: boolean;
  readonly enable?: boolean;
}

export const NOTATION = `
A register is named as its map names it, REGISTER, REGISTER.FIELD or REGISTER[NUMBER], with the map's own name in front
where several have it; in configuration space as docs/configuration-registers.md names it, pcie.devctl.max_payload, of
several capabilities of one name vendor@50.length or vendor#2.length; or by number, SPACE:OFFSET/WIDTH: bar0:0x20/4,
config:0x04/2. WIDTH is in bytes, 4 if absent.
With --on, this is also a machine that the command opens for itself: qemu:…, proto:DIR, replay:FILE.
Maps are those of --map, and those that come with openslot for the device. Each register is one access of its width.`;

export function addRegisterOptions(command: Command): Command {
  return command
    .addOption(machineOption())
    .addOption(recordOption())
    .addOption(
      new Option('--map <file>', 'a register map: a file, or the name of one that comes with openslot')
        .default([], 'those of the device')
        .argParser((file: string, before: readonly string[]) => [...before, file]),
    )
    .option('--even-if-used', 'change the function even where a driver or a guest drives it')
    .option('--enable', 'switch decoding on for the access where it is off');
}

/** The maps that were named, or those of the device. @throws {MapUnreadableError | MapFormError | RegisterMapError} */
export function chosenMaps(
  named: readonly string[],
  identity: () => Parameters<typeof mapsFor>[1],
): readonly RegisterMap[] {
  if (named.length === 0) return mapsFor(knownMaps, identity());
  return named.map((name) => knownMaps.find((map) => map.name === name) ?? readMap(name));
}

function readMap(file: string): RegisterMap {
  let text: string;
  try {
    text = readGivenFile(file, 'utf8');
  } catch (cause) {
    throw new MapUnreadableError(file, (cause as NodeJS.ErrnoException).code ?? String(cause), { cause });
  }
  return parseRegisterMap(text, file);
}
