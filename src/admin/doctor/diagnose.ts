/** Runs the checks over a host, and says for each purpose whether something stands in its way. */
import { FunctionNotFoundError } from '../../function/index.js';
import { Topology } from '../../look/index.js';
import { visibleText, type Evidence, type PciAddress } from '../../pci/index.js';
import type { CauseKind, Check, Found, Layer, Purpose, Subject } from './check.js';
import { CHECKS } from './checks/index.js';
import { ExaminedFunction } from './examined-function.js';
import { ExaminedHost } from './examined-host.js';
import type { DoctorFacts } from './facts.js';
import type { HostFiles } from './host-files.js';

/** A cause as data that JSON can carry, with its words. */
export interface Cause {
  readonly code: string;
  readonly blocks: readonly Purpose[];
  readonly what: string;
  readonly details: readonly string[];
  readonly why: string;
  readonly next: string;
  readonly evidence: Evidence;
}

/** What a check said. `causes` is empty where all is fine. */
export interface CheckResult {
  readonly check: string;
  readonly layer: Layer;
  readonly asks: string;
  /** Why it is fine; undefined where there are causes. */
  readonly fine: string | undefined;
  readonly evidence: Evidence;
  readonly causes: readonly Cause[];
}

export interface PurposeResult {
  readonly purpose: Purpose;
  readonly ready: boolean;
  /** Codes of what stands in its way. */
  readonly blockedBy: readonly string[];
}

export interface Diagnosis {
  readonly release: string;
  /** The function that was asked about. */
  readonly address: string | undefined;
  readonly purposes: readonly PurposeResult[];
  readonly checks: readonly CheckResult[];
}

export interface DiagnosisOptions {
  readonly address?: PciAddress | undefined;
  /** What the host is to be ready for; undefined: what a host like this one can be for. */
  readonly purposes?: readonly Purpose[] | undefined;
  /** What is asked; undefined: everything. */
  readonly layers?: readonly Layer[] | undefined;
}

/** @throws {FunctionNotFoundError} */
export function diagnose(files: HostFiles, facts: DoctorFacts, options: DiagnosisOptions = {}): Diagnosis {
  const host = new ExaminedHost(files, facts);
  const purposes = options.purposes ?? purposesOf(host);
  const fn = options.address === undefined ? undefined : functionAt(host, options.address);
  const subject: Subject = { host, purposes: new Set(purposes) };
  const { layers } = options;
  const asked = CHECKS.filter(({ layer }) => layers?.includes(layer) ?? true);
  const checks = asked.flatMap((check) => run(check, subject, fn) ?? []);
  return {
    release: host.release,
    address: options.address === undefined ? undefined : String(options.address),
    purposes: purposes.map((purpose) => {
      const inTheWay = checks.flatMap(({ causes }) =>
        causes.filter(({ blocks }) => blocks.includes(purpose)),
      );
      const blockedBy = [...new Set(inTheWay.map(({ code }) => code))];
      return { purpose, ready: blockedBy.length === 0, blockedBy };
    }),
    checks,
  };
}

/** On Xen, VFIO has no IOMMU to work with; elsewhere there are no guests of Xen. */
function purposesOf(host: ExaminedHost): readonly Purpose[] {
  return host.onXen ? ['xen', 'proto'] : ['vfio', 'proto'];
}

function functionAt(host: ExaminedHost, address: PciAddress): ExaminedFunction {
  const { capture } = host.facts;
  const topology = capture === undefined ? undefined : new Topology(capture);
  const [summary, node] = [host.summary(address), topology?.at(address)];
  if (summary === undefined || node === undefined || topology === undefined)
    throw new FunctionNotFoundError(address, host.facts.machine);
  return new ExaminedFunction(host, summary, node, topology);
}

function run(check: Check, subject: Subject, fn: ExaminedFunction | undefined): CheckResult | undefined {
  const { name, layer, asks, purposes } = check;
  if (!purposes.some((purpose) => subject.purposes.has(purpose))) return undefined;
  const answer = check.look(subject, fn);
  if (answer === undefined) return undefined;
  const about = { check: name, layer, asks };
  if ('fine' in answer)
    return { ...about, fine: visibleText(answer.fine), evidence: answer.evidence, causes: [] };
  const causes = answer.causes.map((found) => causeOf(found, check.causes[found.code], subject));
  return { ...about, fine: undefined, evidence: {}, causes };
}

/** What it blocks is told only of what is wanted. Words of files stand in it: they are shown, and begin no command. */
function causeOf(found: Found, kind: CauseKind | undefined, { purposes }: Subject): Cause {
  const { code, what, details = [], evidence } = found;
  const blocks = found.blocks ?? kind?.blocks ?? [];
  return {
    code,
    blocks: blocks.filter((purpose) => purposes.has(purpose)),
    what: visibleText(what),
    details: details.map(visibleText),
    why: found.why ?? kind?.why ?? '',
    next: visibleText(found.next ?? kind?.next ?? ''),
    evidence,
  };
}
