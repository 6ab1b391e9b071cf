/** What Set Features and Get Features hold (NVM Express 1.4, 5.14 and 5.21). */
import type { Command, Outcome } from './command.js';
import { NAMESPACE, TEMPERATURE, WARNING_TEMPERATURE } from './identify.js';
import {
  COMMAND_SEQUENCE_ERROR,
  FEATURE_NOT_CHANGEABLE,
  FEATURE_NOT_SAVEABLE,
  INVALID_FIELD,
  INVALID_NAMESPACE,
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
 * What this controller does anyhow: one command of a queue at a time, one power state, no interrupt waits for others, a
 * command is written whole.
 */
const FIXED: readonly number[] = [
  ARBITRATION,
  POWER_MANAGEMENT,
  INTERRUPT_COALESCING,
  INTERRUPT_VECTOR,
  WRITE_ATOMICITY,
];
const CHANGEABLE: readonly number[] = [
  TEMPERATURE_THRESHOLD,
  ERROR_RECOVERY,
  NUMBER_OF_QUEUES,
  EVENT_CONFIGURATION,
];

const SAVE = 0x8000_0000;
/** Bits that say what can be done with a feature. */
const CAN_CHANGE = 4;
const OF_A_NAMESPACE = 2;
const NOT_COALESCED = 0x1_0000;
const ALL_NAMESPACES = 0xffff_ffff;

export class Features {
  readonly #queuePairs: number;
  #over = WARNING_TEMPERATURE;
  #under = 0;
  #errorRecovery = 0;
  #events = 0;
  #submissionQueues: number;
  #completionQueues: number;

  constructor(queuePairs: number) {
    this.#queuePairs = queuePairs;
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
    return (this.#events & 2) !== 0;
  }

  /** `queuesExist`: I/O queues were created, so their number stands. */
  set(command: Command, queuesExist: boolean): Outcome {
    const { dword10, dword11, namespace } = command;
    if ((dword10 & SAVE) !== 0) return { status: FEATURE_NOT_SAVEABLE };
    const feature = dword10 & 0xff;
    if (FIXED.includes(feature)) return { status: FEATURE_NOT_CHANGEABLE };
    switch (feature) {
      case TEMPERATURE_THRESHOLD:
        return this.#setThreshold(dword11);
      case ERROR_RECOVERY:
        if (namespace !== NAMESPACE && namespace !== ALL_NAMESPACES) return { status: INVALID_NAMESPACE };
        this.#errorRecovery = dword11 & 0xffff;
        return { status: SUCCESS };
      case NUMBER_OF_QUEUES:
        return queuesExist ? { status: COMMAND_SEQUENCE_ERROR } : this.#setQueues(dword11);
      case EVENT_CONFIGURATION:
        this.#events = dword11 & 0xff;
        return { status: SUCCESS };
      default:
        return { status: INVALID_FIELD };
    }
  }

  get(command: Command): Outcome {
    const { dword10, dword11, namespace } = command;
    const feature = dword10 & 0xff;
    if (feature === ERROR_RECOVERY && namespace !== NAMESPACE) return { status: INVALID_NAMESPACE };
    // 0: current; 1: default; 2: saved, which is the default where nothing can be saved; 3: what can be done with it.
    const select = (dword10 >>> 8) & 7;
    const source = select === 0 ? this : new Features(this.#queuePairs);
    const value = source.#value(feature, dword11);
    if (value === undefined || select > 3) return { status: INVALID_FIELD };
    return { status: SUCCESS, result: select === 3 ? capabilities(feature) : value };
  }

  /** undefined: there is no such feature, or not the part of it that `dword11` asks for. */
  #value(feature: number, dword11: number): number | undefined {
    switch (feature) {
      case TEMPERATURE_THRESHOLD: {
        if (!isCompositeSensor(dword11)) return undefined;
        return thresholdKind(dword11) === 0 ? this.#over : this.#under;
      }
      case ERROR_RECOVERY:
        return this.#errorRecovery;
      case NUMBER_OF_QUEUES:
        return ((this.#completionQueues - 1) << 16) | (this.#submissionQueues - 1);
      case INTERRUPT_VECTOR: {
        const vector = dword11 & 0xffff;
        return vector > this.#queuePairs ? undefined : vector | NOT_COALESCED;
      }
      case EVENT_CONFIGURATION:
        return this.#events;
      default:
        return FIXED.includes(feature) ? 0 : undefined;
    }
  }

  /** Numbers count from 0 here: 0 asks for one queue. */
  #setQueues(wanted: number): Outcome {
    const submission = wanted & 0xffff;
    const completion = wanted >>> 16;
    if (submission === 0xffff || completion === 0xffff) return { status: INVALID_FIELD };
    this.#submissionQueues = Math.min(submission + 1, this.#queuePairs);
    this.#completionQueues = Math.min(completion + 1, this.#queuePairs);
    return { status: SUCCESS, result: ((this.#completionQueues - 1) << 16) | (this.#submissionQueues - 1) };
  }

  #setThreshold(dword11: number): Outcome {
    if (!isCompositeSensor(dword11)) return { status: INVALID_FIELD };
    if (thresholdKind(dword11) === 0) this.#over = dword11 & 0xffff;
    else this.#under = dword11 & 0xffff;
    return { status: SUCCESS };
  }
}

function capabilities(feature: number): number {
  if (!CHANGEABLE.includes(feature)) return 0;
  return feature === ERROR_RECOVERY ? CAN_CHANGE | OF_A_NAMESPACE : CAN_CHANGE;
}

/** Sensors of their own are not there; 0 is the composite of all. Threshold kinds are 0 (over) and 1 (under). */
function isCompositeSensor(dword11: number): boolean {
  return ((dword11 >>> 16) & 0xf) === 0 && thresholdKind(dword11) <= 1;
}

function thresholdKind(dword11: number): number {
  return (dword11 >>> 20) & 3;
}
