/** One end of an Express link: what it can, what was asked of it, and what the link trained to. */
import type { CapturedFields } from './captured-fields.js';
import type { FunctionNode } from './topology.js';

export interface LinkEnd {
  /** Number of the speed as registers count it: 1 for 2.5 GT/s, 2 for 5, 3 for 8, 4 for 16 and so on. */
  readonly maxSpeed: number;
  /** Lanes. */
  readonly maxWidth: number;
  readonly speed: number;
  /** Lanes; 0 while the link is down. */
  readonly width: number;
  /** The highest speed that this end is allowed to train to; undefined before version 2 of the capability. */
  readonly target: number | undefined;
  /** The data link layer is up; undefined where the port does not report it. */
  readonly active: boolean | undefined;
}

/** Undefined for a function without a link: conventional, or inside the root complex. */
export function linkOf(fields: CapturedFields): LinkEnd | undefined {
  const [maxSpeed, maxWidth] = [fields.raw('pcie.lnkcap.max_speed'), fields.raw('pcie.lnkcap.max_width')];
  const [speed, width] = [fields.raw('pcie.lnksta.speed'), fields.raw('pcie.lnksta.width')];
  if (maxSpeed === undefined || maxWidth === undefined || speed === undefined || width === undefined)
    return undefined;
  const target = fields.raw('pcie.lnkctl2.target_speed');
  return {
    maxSpeed,
    maxWidth,
    speed,
    width,
    target: target === 0 ? undefined : target,
    active: fields.isSet('pcie.lnkcap.active_reporting') ? fields.isSet('pcie.lnksta.active') : undefined,
  };
}

const SPEEDS = ['', '2.5', '5', '8', '16', '32', '64', '128'];

/** `8 GT/s`. */
export function speedText(speed: number): string {
  const known = SPEEDS[speed];
  return known === undefined || known === '' ? `speed ${speed}` : `${known} GT/s`;
}

/** `8 GT/s x4`. */
export function trainedText({ speed, width }: Pick<LinkEnd, 'speed' | 'width'>): string {
  return `${speedText(speed)} x${width}`;
}

/** Device/port types (PCI Express Base 6.0, 7.5.3.2) whose link is below them. */
const ROOT_PORT = 4;
const DOWNSTREAM_PORT = 6;
const PCI_TO_EXPRESS = 8;

/** Whether the link of this function leads down, to what is behind it. */
export function leadsDown(fields: CapturedFields): boolean {
  const type = fields.raw('pcie.flags.type');
  return type === ROOT_PORT || type === DOWNSTREAM_PORT || type === PCI_TO_EXPRESS;
}

/** The function at the other end of its link; undefined where there is none, or it was not captured. */
export function otherEnd(node: FunctionNode): FunctionNode | undefined {
  if (linkOf(node.fields) === undefined) return undefined;
  if (leadsDown(node.fields)) return node.below.find(({ fields }) => linkOf(fields) !== undefined);
  return node.above !== undefined && leadsDown(node.above.fields) ? node.above : undefined;
}
