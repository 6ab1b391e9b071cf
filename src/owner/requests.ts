/** Requests to an owner: one JSON object a line, `{"id", "request", "parameters"?}`, answered by `{"id", "result"}` or `{"id", "error"}`. */
import type {
  Adopted,
  AttachReport,
  ClaimReport,
  DetachReport,
  FindingData,
  FrontEndKind,
  Guest,
  GuestInfo,
  Inspection,
  PlanData,
  PolicyState,
  TraceAnswer,
  UnfinishedPlan,
} from '../admin/index.js';
import type { Recovery } from '../change/index.js';
import type { FunctionSummary, WirePlatform } from '../function/index.js';
import type { ErrorData } from '../pci/index.js';
import type { CheckedParameters, RequestName } from './request-schemas.js';

export const POOL_STATES = ['free', 'taken', 'quarantined', 'changing'] as const;

/** A pool function as it is printed and sent: addresses in hexadecimal notation. */
export interface PoolEntry {
  readonly address: string;
  readonly state: (typeof POOL_STATES)[number];
  /** `guest 3`, for a taken one. */
  readonly taker?: string;
  /** What the taker's front end can take, once it has connected. */
  readonly frontEnd?: FrontEndKind;
  readonly why?: string;
  readonly holder?: string;
}

/** What each request is answered with. */
export interface OwnerResults {
  readonly pool: readonly PoolEntry[];
  readonly functions: readonly FunctionSummary[];
  readonly platform: readonly WirePlatform[];
  readonly inspect: Inspection;
  /** For each operation what it found, `0x` and hexadecimal; null for a write. */
  readonly registers: readonly (string | null)[];
  readonly claim: readonly ClaimReport[];
  readonly plan_claim: PlanData;
  readonly examine_claim: readonly FindingData[];
  readonly release: readonly ClaimReport[];
  readonly plan_release: PlanData;
  readonly adopt: readonly Adopted[];
  readonly plan_adopt: PlanData & { readonly functions: readonly Adopted[] };
  readonly unfinished: readonly UnfinishedPlan[];
  readonly recover: readonly Recovery[];
  readonly findings: readonly FindingData[];
  /** Of Xen, whoever made them. */
  readonly guests: readonly Pick<Guest, 'id' | 'name'>[];
  readonly attach: AttachReport;
  readonly plan_attach: PlanData;
  readonly detach: DetachReport;
  readonly plan_detach: PlanData;
  readonly policy: PolicyState;
  readonly trace: TraceAnswer;
  readonly guest_run: GuestInfo;
  readonly guest_list: readonly GuestInfo[];
  readonly guest_unpause: GuestInfo;
  readonly guest_shutdown: GuestInfo;
  /** The guest as it was. */
  readonly guest_destroy: GuestInfo;
}

/** What an owner does for its clients: a function for each request that it can meet, called with checked parameters. */
export type OwnerRequests = {
  readonly [Name in RequestName]?: (
    parameters: CheckedParameters<Name>,
  ) => OwnerResults[Name] | Promise<OwnerResults[Name]>;
};

/** Why an owner answers no request. */
export type NotAnswering = 'not yet' | 'no more';

/** A result as a client gets it: what has a text form in JSON, such as an address, comes as text. */
export type Wire<Value> = Value extends number
  ? number
  : Value extends { toJSON(): infer Text }
    ? Text
    : Value extends object
      ? { readonly [Key in keyof Value]: Wire<Value[Key]> }
      : Value;

export type AnswerLine =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: ErrorData };

/** Bytes of the longest request. */
export const LONGEST_LINE = 64 * 1024;
export { MOST_ACCESSES } from '../admin/access-limit.js';
