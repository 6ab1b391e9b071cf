/** A guest whose driver takes part in the recovery of its functions, in the way that its first argument names. */
import { changeCommand, type ErrorAnswer, type ErrorHandlers, type PciFunction } from 'openslot/function';
import type { Guest } from 'openslot/guest';
import { CommandBit } from 'openslot/pci';

/** NVMe: capabilities (fixed), and the configuration, of which the driver's page size bits are storage. */
const VERSION = 0x08;
const CONFIGURATION = 0x14;
const ENTRY_SIZES = 0x0046_0000;

class Driver {
  readonly #fn: PciFunction;
  readonly #guest: Guest;
  readonly #region;
  readonly #name: string;

  constructor(fn: PciFunction, guest: Guest) {
    this.#fn = fn;
    this.#guest = guest;
    this.#name = String(fn.address);
    this.start();
    this.#region = fn.openRegion(0);
  }

  start(): void {
    this.#fn.setEnabled(true);
    changeCommand(this.#fn.config, CommandBit.busMaster);
  }

  set(): void {
    this.#region.write32(CONFIGURATION, ENTRY_SIZES);
  }

  /** What the driver finds, in a line that the test reads. */
  say(step: string): void {
    const command = this.#fn.config.read(4, 2) & (CommandBit.memory | CommandBit.busMaster);
    const registers = [VERSION, CONFIGURATION].map((at) => this.#region.read32(at).toString(16)).join(' ');
    console.log(`${this.#name} ${step}: ${registers}, command ${command}`);
  }

  handlers(way: string): ErrorHandlers {
    const needsReset: ErrorHandlers = {
      errorDetected: (state) => {
        this.say(`detected ${state}`);
        return 'need_reset';
      },
      slotReset: () => {
        this.say('reset');
        this.set();
        return 'recovered';
      },
      resume: () => {
        this.say('resumed');
      },
    };
    switch (way) {
      case 'needs reset':
        return needsReset;
      case 'needs reset slowly':
        return {
          ...needsReset,
          errorDetected: async (state): Promise<ErrorAnswer> => {
            await this.#guest.store.write('data/asked', state);
            await new Promise((resolve) => setTimeout(resolve, 1_000_000));
            return 'need_reset';
          },
        };
      case 'can recover':
        return {
          ...needsReset,
          errorDetected: (state) => {
            this.say(`detected ${state}`);
            return 'can_recover';
          },
          mmioEnabled: () => {
            this.say('accessible');
            return 'recovered';
          },
        };
      case 'disconnects':
        return { ...needsReset, errorDetected: () => 'disconnect' };
      case 'throws':
        return {
          ...needsReset,
          errorDetected: () => {
            throw new Error('as the test wants it');
          },
        };
      default:
        throw new Error(`no way named ${way}`);
    }
  }

  /** Accesses without a pause, so that requests come in the middle of them. */
  async loop(): Promise<never> {
    for (;;) {
      for (let count = 0; count < 500; count++) this.#fn.config.read(0, 4);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

export default async function recovers(guest: Guest): Promise<void> {
  const [way = '', busy] = guest.arguments;
  for await (const { change, ...rest } of guest.xpci.changes()) {
    if (change === 'failed') console.log('failed', 'doing' in rest ? rest.doing : '');
    if (change !== 'attached' || !('address' in rest)) {
      console.log(change);
      continue;
    }
    const fn = guest.xpci.open(rest.address);
    const driver = new Driver(fn, guest);
    driver.set();
    if (way !== 'no handlers') fn.errors?.handle(driver.handlers(way));
    driver.say('ready');
    await guest.store.write(`data/ready-${String(fn.address).replace(/[:.]/g, '-')}`, 'yes');
    if (busy === 'busy') void driver.loop();
  }
}
