/** What Set Features and Get Features hold (NVM Express 1.4, 5.14 and 5.21). */
import type { Command, Outcome } from './command.js';
import {
  COMMAND_SEQUENCE_ERROR,
  FEATURE_NOT_SAVEABLE,
  INVALID_FIELD,
  INVALID_INTERRUPT_VECTOR,
  SUCCESS,
} from './status.js';

const ARBITRATION = 0x01;
const POWER_MANAGEMENT = 0x02;
const TEMPERATURE_THRESHOLD = 0x04;
const ERROR_RECOVERY = 0x05;
const NUMBER_OF_QUEUES = 0x07;
const INTERRUPT_COALESCING = 0x08;
const INTERRUPT_VECTOR = 0x09;
const WRITE_ATOMICITY = 0x0a;
const EVENT_CONFIGURATION = 0x0b;

/**
 * Bits that can be written of the features that are one number; all begin as 0. There is one power state, so its number
 * stays 0; coalescing is a wish that the controller need not fulfil.
 */
const WRITABLE: ReadonlyMap<number, number> = new Map([
  [ARBITRATION, 0xffff_ff07],
  [POWER_MANAGEMENT, 0x0000_00e0],
  [ERROR_RECOVERY, 0x0000_ffff],
  [INTERRUPT_COALESCING, 0x0000_ffff],
  [WRITE_ATOMICITY, 0x0000_0001],
  [EVENT_CONFIGURATION, 0x0000_00ff],
]);

const SAVE = 0x8000_0000;
const CHANGEABLE = 4;

/** Temperatures in kelvins, as the controller gives them. */
export const WARNING_TEMPERATURE = 343;
export const CRITICAL_TEMPERATURE = 373;
/** Nothing heats or cools a simulated device. */
export const TEMPERATURE = 308;

export class Features {
  readonly #queuePairs: number;
  readonly #vectors: number;
  readonly #numbers = new Map<number, number>();
  /** Vectors whose completions are not to be coalesced. */
  readonly #uncoalesced = new Set<number>();
  #over = WARNING_TEMPERATURE;
  #under = 0;
  #submissionQueues: number;
  #completionQueues: number;

  constructor(queuePairs: number, vectors: number) {
    this.#queuePairs = queuePairs;
    this.#vectors = vectors;
    this.#submissionQueues = this.#completionQueues = queuePairs;
  }

  /** I/O queues that may exist: the highest identifiers. */
  get submissionQueues(): number {
    return this.#submissionQueues;
  }

  get completionQueues(): number {
    return this.#completionQueues;
  }

  /** The temperature has crossed a threshold of the host's. */
  get temperatureWarning(): boolean {
    return TEMPERATURE >= this.#over || TEMPERATURE <= this.#under;
  }

  /** The host wants an event when the temperature warning begins. */
  get reportsTemperature(): boolean {
    return ((this.#numbers.get(EVENT_CONFIGURATION) ?? 0) & 2) !== 0;
  }

  /** `queuesExist`: I/O queues were created, so their number stands. */
  set(command: Command, queuesExist: boolean): Outcome {
    const { dword10, dword11 } = command;
    if ((dword10 & SAVE) !== 0) return { status: FEATURE_NOT_SAVEABLE };
    const feature = dword10 & 0xff;
    switch (feature) {
      case NUMBER_OF_QUEUES:
        return queuesExist ? { status: COMMAND_SEQUENCE_ERROR } : this.#setQueues(dword11);
      case TEMPERATURE_THRESHOLD:
        return this.#setThreshold(dword11);
      case INTERRUPT_VECTOR:
        return this.#setVector(dword11);
      default: {
        const writable = WRITABLE.get(feature);
        if (writable === undefined) return { status: INVALID_FIELD };
        if (feature === POWER_MANAGEMENT && (dword11 & 0x1f) !== 0) return { status: INVALID_FIELD };
        this.#numbers.set(feature, (dword11 & writable) >>> 0);
        return { status: SUCCESS };
      }
    }
  }

  get(command: Command): Outcome {
    const { dword10, dword11 } = command;
    const feature = dword10 & 0xff;
    // 0: current; 1: default; 2: saved, which is the default where nothing can be saved; 3: what can be done with it.
    const select = (dword10 >>> 8) & 7;
    const source = select === 0 ? this : new Features(this.#queuePairs, this.#vectors);
    const value = source.#value(feature, dword11);
    if (value === undefined || select > 3) return { status: INVALID_FIELD };
    return { status: SUCCESS, result: select === 3 ? CHANGEABLE : value };
  }

  #value(feature: number, dword11: number): number | undefined {
    switch (feature) {
      case NUMBER_OF_QUEUES:
        return ((this.#completionQueues - 1) << 16) | (this.#submissionQueues - 1);
      case TEMPERATURE_THRESHOLD: {
        if (!isCompositeSensor(dword11)) return undefined;
        return thresholdKind(dword11) === 0 ? this.#over : this.#under;
      }
      case INTERRUPT_VECTOR: {
        const vector = dword11 & 0xffff;
        if (vector >= this.#vectors) return undefined;
        return vector | (this.#uncoalesced.has(vector) ? 0x1_0000 : 0);
      }
      default:
        return WRITABLE.has(feature) ? (this.#numbers.get(feature) ?? 0) : undefined;
    }
  }

  /** Numbers count from 0 here: 0 asks for one queue. */
  #setQueues(wanted: number): Outcome {
    const submission = wanted & 0xffff;
    const completion = wanted >>> 16;
    if (submission === 0xffff || completion === 0xffff) return { status: INVALID_FIELD };
    this.#submissionQueues = Math.min(submission + 1, this.#queuePairs);
    this.#completionQueues = Math.min(completion + 1, this.#queuePairs);
    return { status: SUCCESS, result: this.#value(NUMBER_OF_QUEUES, 0) ?? 0 };
  }

  #setThreshold(dword11: number): Outcome {
    if (!isCompositeSensor(dword11)) return { status: INVALID_FIELD };
    if (thresholdKind(dword11) === 0) this.#over = dword11 & 0xffff;
    else this.#under = dword11 & 0xffff;
    return { status: SUCCESS };
  }

  #setVector(dword11: number): Outcome {
    const vector = dword11 & 0xffff;
    if (vector >= this.#vectors) return { status: INVALID_INTERRUPT_VECTOR };
    if ((dword11 & 0x1_0000) !== 0) this.#uncoalesced.add(vector);
    else this.#uncoalesced.delete(vector);
    return { status: SUCCESS };
  }
}

/** Sensors of their own are not there; 0 is the composite of all. Threshold kinds are 0 (over) and 1 (under). */
function isCompositeSensor(dword11: number): boolean {
  return ((dword11 >>> 16) & 0xf) === 0 && thresholdKind(dword11) <= 1;
}

function thresholdKind(dword11: number): number {
  return (dword11 >>> 20) & 3;
}
