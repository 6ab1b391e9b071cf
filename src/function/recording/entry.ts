/** The entries of a recording: what a program asked of a machine, what it was answered, and what happened meanwhile. */
import type { ErrorData } from '../../pci/errors.js';
import type { RegionWidth } from '../checked-region.js';
import type { ConfigWidth, DmaConstraints, InterruptSource, Interrupts, ResetMethod } from '../function.js';
import type { MachineCapabilities } from '../machine.js';
import type { WirePlatform, WireRegion, WireSummary } from '../wire.js';

/** Written as `0x1f`: offsets, values and addresses, up to 64 bits. */
export type Hex = `0x${string}`;

export function hex(value: number | bigint): Hex {
  return `0x${value.toString(16)}`;
}

/** `intx`, `msi0`, `msix12`. */
export type SourceName = string;

export function sourceName(source: InterruptSource): SourceName {
  return source.kind === 'intx' ? 'intx' : `${source.kind}${source.vector}`;
}

/** A function by its full address, a platform device by its name. */
export type DeviceName = string;

export type WireConstraints = Omit<DmaConstraints, 'highest'> & { readonly highest?: Hex };

export function constraintsOnWire({ highest, ...others }: DmaConstraints): WireConstraints {
  return highest === undefined ? others : { ...others, highest: hex(highest) };
}

export interface WireSegment {
  readonly iova: Hex;
  readonly bytes: number;
}

export const RECORDING_VERSION = 1;

/** The first entry. */
export interface Header {
  readonly op: 'recording';
  readonly version: typeof RECORDING_VERSION;
  /** Name of the machine that was recorded. */
  readonly machine: string;
  readonly capabilities: MachineCapabilities;
}

/** What the machine has, at the start and each time that it was found changed. */
export interface Inventory {
  readonly op: 'inventory';
  readonly functions: readonly WireSummary[];
  /** Absent on a machine without platform devices. */
  readonly platform?: readonly WirePlatform[];
}

/** What an open device says of itself. */
export interface DeviceFacts {
  readonly regions: readonly WireRegion[];
  readonly resetMethods: readonly ResetMethod[];
  /** Vectors of each kind; null where the device has no interrupts. */
  readonly interrupts: Interrupts['available'] | null;
  readonly dma: boolean;
  /** Bytes of configuration space; null without one. */
  readonly configSize: number | null;
  readonly interruptLine: number | null;
}

/** One run of bytes that a program changed, by its place and a CRC-32 of it. */
export interface WrittenExtent {
  readonly at: number;
  readonly bytes: number;
  readonly crc: Hex;
}

/** What a program asks, with the type of the answer: replayed in this order, and compared. */
export interface Questions {
  readonly open: { readonly ask: { readonly device: DeviceName }; readonly is: DeviceFacts };
  readonly close: { readonly ask: { readonly device: DeviceName }; readonly is: null };
  readonly 'config.read': {
    readonly ask: { readonly device: DeviceName; readonly offset: Hex; readonly width: ConfigWidth };
    readonly is: Hex;
  };
  readonly 'config.write': {
    readonly ask: {
      readonly device: DeviceName;
      readonly offset: Hex;
      readonly width: ConfigWidth;
      readonly value: Hex;
    };
    readonly is: null;
  };
  readonly enable: { readonly ask: { readonly device: DeviceName; readonly on: boolean }; readonly is: null };
  readonly 'region.open': {
    readonly ask: { readonly device: DeviceName; readonly region: number };
    readonly is: null;
  };
  readonly 'region.close': {
    readonly ask: { readonly device: DeviceName; readonly region: number };
    readonly is: null;
  };
  readonly read: {
    readonly ask: {
      readonly device: DeviceName;
      readonly region: number;
      readonly offset: Hex;
      readonly width: RegionWidth;
    };
    readonly is: Hex;
  };
  readonly write: {
    readonly ask: {
      readonly device: DeviceName;
      readonly region: number;
      readonly offset: Hex;
      readonly width: RegionWidth;
      readonly value: Hex;
    };
    readonly is: null;
  };
  readonly 'interrupt.open': {
    readonly ask: { readonly device: DeviceName; readonly source: SourceName };
    readonly is: null;
  };
  /** The iteration asks for the next one, which acknowledges the one before; it comes as `interrupt`. */
  readonly 'interrupt.next': {
    readonly ask: { readonly device: DeviceName; readonly source: SourceName };
    readonly is: null;
  };
  /** The blocking twin: how many were raised; null when none came in the time that the program gave it. */
  readonly 'interrupt.wait': {
    readonly ask: { readonly device: DeviceName; readonly source: SourceName };
    readonly is: number | null;
  };
  readonly 'interrupt.close': {
    readonly ask: { readonly device: DeviceName; readonly source: SourceName };
    readonly is: null;
  };
  /** Answered by `reset.done`. */
  readonly reset: { readonly ask: { readonly device: DeviceName }; readonly is: null };
  /** Answered by `dma.allocated`; buffers are numbered in the order in which they were asked for. */
  readonly 'dma.allocate': {
    readonly ask: {
      readonly device: DeviceName;
      readonly buffer: number;
      readonly bytes: number;
      readonly constraints?: WireConstraints;
    };
    readonly is: null;
  };
  readonly 'dma.free': { readonly ask: { readonly buffer: number }; readonly is: null };
  /** What the program has changed in a buffer since the entry before; stands before what the program does next. */
  readonly 'memory.program': {
    readonly ask: { readonly buffer: number; readonly extents: readonly WrittenExtent[] };
    readonly is: null;
  };
}

export type Question = keyof Questions;
export type Asked<Op extends Question = Question> = {
  [Each in Op]: { readonly op: Each } & Questions[Each]['ask'];
}[Op];
export type AnswerOf<Op extends Question> = Questions[Op]['is'];

/** A question, with its answer (absent where it is null), or with what refused it. */
export type Exchange<Op extends Question = Question> = {
  [Each in Op]: Asked<Each> & { readonly is?: AnswerOf<Each>; readonly refused?: ErrorData };
}[Op];

/** What no program asks for at that moment: replayed as soon as all before it has been. */
export type Occurrence =
  | Inventory
  /** The asked one of an iteration has come. */
  | {
      readonly op: 'interrupt';
      readonly device: DeviceName;
      readonly source: SourceName;
      readonly count: number;
    }
  /** The iteration ended though nobody closed it. */
  | { readonly op: 'interrupt.end'; readonly device: DeviceName; readonly source: SourceName }
  /** The device has written to a buffer: base64. */
  | { readonly op: 'memory.device'; readonly buffer: number; readonly at: number; readonly data: string }
  | {
      readonly op: 'reset.done';
      readonly device: DeviceName;
      readonly method?: ResetMethod;
      readonly refused?: ErrorData;
    }
  | {
      readonly op: 'dma.allocated';
      readonly buffer: number;
      readonly size?: number;
      readonly iova?: Hex;
      readonly segments?: readonly WireSegment[];
      readonly refused?: ErrorData;
    }
  /** A DMA or a message of the device reached nothing: told to the reader, and to nobody at a replay. */
  | {
      readonly op: 'fault';
      readonly device: DeviceName;
      readonly access: string;
      readonly iova: Hex;
      readonly why: string;
    }
  /** The machine was closed: a recording without it was cut off. */
  | { readonly op: 'end' };

export type Entry = Header | Exchange | Occurrence;

const OCCURRENCES: ReadonlySet<string> = new Set<Occurrence['op']>([
  'inventory',
  'interrupt',
  'interrupt.end',
  'memory.device',
  'reset.done',
  'dma.allocated',
  'fault',
  'end',
]);

export function isOccurrence(entry: Entry): entry is Occurrence {
  return OCCURRENCES.has(entry.op);
}

/** A question or an occurrence in the words of a message. */
export function entryText(entry: Asked | Entry): string {
  switch (entry.op) {
    case 'config.read':
      return `read ${entry.width} of configuration space at ${entry.offset} of ${entry.device}`;
    case 'config.write':
      return `write ${entry.value}, ${entry.width} wide, to configuration space at ${entry.offset} of ${entry.device}`;
    case 'read':
      return `read ${entry.width} at ${entry.offset} of region ${entry.region} of ${entry.device}`;
    case 'write':
      return `write ${entry.value}, ${entry.width} wide, at ${entry.offset} of region ${entry.region} of ${entry.device}`;
    case 'region.open':
    case 'region.close':
      return `${verb(entry.op)} region ${entry.region} of ${entry.device}`;
    case 'enable':
      return `switch the decoding of ${entry.device} ${entry.on ? 'on' : 'off'}`;
    case 'interrupt.open':
    case 'interrupt.close':
    case 'interrupt.next':
    case 'interrupt.wait':
      return `${verb(entry.op)} ${entry.source} of ${entry.device}`;
    case 'dma.allocate':
      return `allocate buffer ${entry.buffer} of ${entry.bytes} bytes for ${entry.device}`;
    case 'dma.free':
      return `free buffer ${entry.buffer}`;
    case 'memory.program':
      return `change buffer ${entry.buffer} at ${entry.extents
        .map(({ at, bytes, crc }) => `0x${at.toString(16)} (${bytes} bytes, CRC-32 ${crc})`)
        .join(', ')}`;
    case 'open':
    case 'close':
    case 'reset':
      return `${entry.op} ${entry.device}`;
    case 'end':
      return 'the end of the recording';
    default:
      return entry.op;
  }
}

function verb(op: Question): string {
  const word = op.slice(op.indexOf('.') + 1);
  return word === 'next' || word === 'wait' ? 'await' : word;
}
