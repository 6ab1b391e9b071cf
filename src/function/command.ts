/** Changes of the Command register: decoding, bus mastering, the interrupt pin. */
import { CommandBit, Header } from '../pci/index.js';
import { ROM_REGION, type ConfigSpace, type PciFunction, type RegionInfo } from './function.js';

/**
 * Sets and clears bits of Command ({@link CommandBit}), where they are not so already. It is written alone, 2 bytes:
 * Status beside it has bits that a write clears.
 */
export function changeCommand(config: ConfigSpace, set: number, clear = 0): void {
  const command = config.read(Header.command, 2);
  const next = (command & ~clear) | set;
  if (next !== command) config.write(Header.command, 2, next);
}

/** Bits of Command that decode these regions; the expansion ROM has one of its own elsewhere. */
export function decodeBits(regions: readonly RegionInfo[]): number {
  return regions.reduce(
    (bits, { index, kind }) =>
      index === ROM_REGION ? bits : bits | (kind === 'io' ? CommandBit.io : CommandBit.memory),
    0,
  );
}

/** Switches the decoding of these regions on or off. */
export function setDecoding(config: ConfigSpace, regions: readonly RegionInfo[], enabled: boolean): void {
  const bits = decodeBits(regions);
  changeCommand(config, enabled ? bits : 0, enabled ? 0 : bits);
}

/**
 * Takes back that the function's decoding was switched on: it decodes again what it did before, told by Command as it
 * was then. @throws {EnableError} the host refuses.
 */
export function restoreDecoding(fn: PciFunction, command: number): void {
  fn.setEnabled(false);
  changeCommand(fn.config, command & decodeBits(fn.regions));
}
