/** Cases of platform devices: what any machine's `platform` must do, shown on one device of it. */
import type { InterruptStream, Region } from '../function.js';
import type { Machine } from '../machine.js';
import { platformName, type PlatformDevice, type PlatformDevices } from '../platform.js';
import { equal, holds, refuses, rejects } from './checks.js';
import type { InterruptStimulus } from './subject.js';

/** One platform device that the cases may use. */
export interface PlatformSubject {
  readonly machine: Machine;
  readonly name: string;
  /** Offset in region 0 of a byte that keeps what is written to it. */
  readonly storage: number;
  /** Made for an open region 0; absent for a device without a line. */
  readonly interrupt?: (region: Region) => InterruptStimulus;
}

/** One promise of {@link PlatformDevices}; `run` rejects where the machine does not keep it. */
export interface PlatformCase {
  readonly name: string;
  /** The device must have an interrupt line. */
  readonly interrupts: boolean;
  readonly run: (subject: PlatformSubject) => void | Promise<void>;
}

/** Long enough for a machine under load; nobody waits for it where the interrupt comes. */
const ARRIVES = 10_000;
/** Milliseconds in which nothing must come. */
const SILENCE = 20;

function devicesOf({ machine }: PlatformSubject): PlatformDevices {
  const { platform } = machine;
  holds('the machine has platform devices', platform !== undefined);
  return platform;
}

function platformCase(
  name: string,
  run: (device: PlatformDevice, subject: PlatformSubject) => void | Promise<void>,
): PlatformCase {
  return {
    name: `platform: ${name}`,
    interrupts: false,
    run: async (subject) => {
      using device = devicesOf(subject).open(subject.name);
      await run(device, subject);
    },
  };
}

function interruptCase(
  name: string,
  run: (stream: InterruptStream, stimulus: InterruptStimulus, device: PlatformDevice) => void | Promise<void>,
): PlatformCase {
  const { name: full, run: runOpened } = platformCase(name, async (device, subject) => {
    using region = device.openRegion(0);
    const stimulus = subject.interrupt?.(region);
    const { interrupts } = device;
    holds(
      'the device has an interrupt, and there is a stimulus',
      stimulus !== undefined && interrupts !== undefined,
    );
    stimulus.quiet();
    using stream = interrupts.open({ kind: 'intx' });
    await run(stream, stimulus, device);
  });
  return { name: full, interrupts: true, run: runOpened };
}

/** What every machine with platform devices must do. */
export const PLATFORM_CASES: readonly PlatformCase[] = [
  platformCase('is listed once, under the name that its ranges give it', (device, subject) => {
    const found = devicesOf(subject)
      .list()
      .filter(({ name }) => name === subject.name);
    equal('entries', found.length, 1);
    equal('name', device.name, subject.name);
    equal('name by its ranges', platformName(found[0]?.regions ?? []), subject.name);
    equal('ranges', found[0]?.regions.length, device.regions.length);
  }),
  platformCase('one that is not there is refused', (_device, subject) => {
    refuses('another name', 'PLATFORM_DEVICE_NOT_FOUND', () => devicesOf(subject).open('isa:0xfff8'));
  }),
  platformCase('ranges are counted from 0 and have a size', ({ regions }) => {
    for (const [index, info] of regions.entries()) {
      equal('index', info.index, index);
      holds('size', info.size > 0);
    }
  }),
  platformCase('refuses a range that it does not have', (device) => {
    refuses('one more', 'REGION_ABSENT', () => device.openRegion(device.regions.length));
  }),
  platformCase('a register keeps what is written, through any view', (device, { storage }) => {
    using region = device.openRegion(0);
    using again = device.openRegion(0);
    for (const value of [0x5a, 0xa5, 0]) {
      region.write8(storage, value);
      equal('read back', region.read8(storage), value);
      equal('through another view', again.read8(storage), value);
    }
  }),
  platformCase('refuses accesses that are not aligned, lie outside, or come after the close', (device) => {
    const region = device.openRegion(0);
    refuses('read16 at 1', 'REGION_UNALIGNED', () => region.read16(1));
    refuses('read8 at the end', 'REGION_OUT_OF_RANGE', () => region.read8(region.info.size));
    if (region.info.kind === 'io') refuses('read64', 'REGION_REFUSED', () => region.read64(0));
    region.close();
    region.close();
    refuses('read', 'REGION_CLOSED', () => region.read8(0));
  }),
  platformCase('closing it closes its regions, and twice does no harm', (device) => {
    const region = device.openRegion(0);
    device.close();
    device.close();
    refuses('read', 'REGION_CLOSED', () => region.read8(0));
    refuses('open', 'FUNCTION_CLOSED', () => device.openRegion(0));
  }),
  platformCase('has no reset', async (device) => {
    equal('methods', device.resetMethods.length, 0);
    await rejects('reset', 'RESET_UNAVAILABLE', device.reset());
  }),
  interruptCase('its interrupt comes in a wait, and none without a cause', (stream, stimulus) => {
    equal('before', stream.wait(SILENCE), undefined);
    stimulus.raise();
    equal('count', stream.wait(ARRIVES)?.count, 1);
    stimulus.quiet();
    equal('afterwards', stream.wait(SILENCE), undefined);
  }),
  interruptCase('its interrupt comes in an iteration', async (stream, stimulus) => {
    stimulus.raise();
    for await (const { count, source } of stream) {
      equal('count', count, 1);
      equal('kind', source.kind, 'intx');
      stimulus.quiet();
      return;
    }
    holds('an interrupt came', false);
  }),
  interruptCase('its line comes again until the cause is gone', (stream, stimulus) => {
    stimulus.raise();
    for (let round = 0; round < 3; round++) equal(`round ${round}`, stream.wait(ARRIVES)?.count, 1);
    stimulus.quiet();
    equal('afterwards', stream.wait(SILENCE), undefined);
  }),
  interruptCase(
    'one stream at a time, and an iteration ends with its device',
    async (stream, stimulus, device) => {
      refuses('a second', 'INTERRUPT_TAKEN', () => device.interrupts?.open({ kind: 'intx' }));
      refuses('a message', 'INTERRUPT_ABSENT', () => device.interrupts?.open({ kind: 'msi', vector: 0 }));
      const pending = stream[Symbol.asyncIterator]().next();
      stimulus.quiet();
      device.close();
      equal('done', (await pending).done, true);
    },
  ),
];
