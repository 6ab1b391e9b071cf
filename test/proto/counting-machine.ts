/** A machine that notes each access to its functions' configuration space and regions: `R4@10.mem+8`. */
import type {
  ConfigSpace,
  ConfigWidth,
  FunctionSummary,
  Machine,
  MachineCapabilities,
  PciFunction,
  Region,
  RegionInfo,
} from '../../src/function/index.js';
import type { PciAddress } from '../../src/pci/index.js';
import { regionFileName } from '../../src/proto/index.js';

export class CountingMachine implements Machine {
  readonly name: string;
  readonly capabilities: MachineCapabilities;
  /** In the order of the accesses. */
  readonly accesses: string[] = [];
  /** Functions that are open now. */
  opened = 0;
  readonly #base: Machine;

  constructor(base: Machine) {
    this.#base = base;
    this.name = base.name;
    this.capabilities = base.capabilities;
  }

  /** The accesses since the last call. */
  taken(): readonly string[] {
    return this.accesses.splice(0);
  }

  list(): readonly FunctionSummary[] {
    return this.#base.list();
  }

  open(address: PciAddress): PciFunction {
    const fn = this.#base.open(address);
    this.opened++;
    const close = () => {
      this.opened--;
      fn.close();
    };
    const note = (access: string) => this.accesses.push(access);
    return {
      address: fn.address,
      config: countConfig(fn.config, note),
      regions: fn.regions,
      resetMethods: fn.resetMethods,
      interruptLine: fn.interruptLine,
      openRegion: (index) => countRegion(fn.openRegion(index), note),
      reset: () => fn.reset(),
      setEnabled: (enabled) => {
        fn.setEnabled(enabled);
      },
      close,
      [Symbol.dispose]: close,
    };
  }

  [Symbol.dispose](): void {
    this.#base[Symbol.dispose]();
  }
}

type Note = (access: string) => void;

function countConfig(config: ConfigSpace, note: Note): ConfigSpace {
  return {
    size: config.size,
    read(offset: number, width: ConfigWidth) {
      note(`R${width}@pcicfg+${offset}`);
      return config.read(offset, width);
    },
    write(offset: number, width: ConfigWidth, value: number) {
      note(`W${width}@pcicfg+${offset}`);
      config.write(offset, width, value);
    },
  };
}

function countRegion(region: Region, note: Note): Region {
  const { info }: { info: RegionInfo } = region;
  const name = regionFileName(info);
  const read = (width: number, offset: number) => {
    note(`R${width}@${name}+${offset}`);
  };
  const write = (width: number, offset: number) => {
    note(`W${width}@${name}+${offset}`);
  };
  return {
    info,
    read8: (offset) => (read(1, offset), region.read8(offset)),
    read16: (offset) => (read(2, offset), region.read16(offset)),
    read32: (offset) => (read(4, offset), region.read32(offset)),
    read64: (offset) => (read(8, offset), region.read64(offset)),
    write8: (offset, value) => {
      write(1, offset);
      region.write8(offset, value);
    },
    write16: (offset, value) => {
      write(2, offset);
      region.write16(offset, value);
    },
    write32: (offset, value) => {
      write(4, offset);
      region.write32(offset, value);
    },
    write64: (offset, value) => {
      write(8, offset);
      region.write64(offset, value);
    },
    close: () => {
      region.close();
    },
    [Symbol.dispose]: () => {
      region.close();
    },
  };
}
