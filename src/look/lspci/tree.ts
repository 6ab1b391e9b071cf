/** lspci's drawing of a topology: buses, bridges and functions from left to right. */
import type { IdNames } from './id-names.js';
import { hex2, hex4 } from './number-text.js';
import type { ShownFunction } from './shown-function.js';
import type { Segment, Segments } from './segments.js';

/** A text with what hangs on its end. */
interface Branch {
  readonly text: string;
  readonly below: readonly Branch[];
  /** What joins it to what it hangs on where it is the only one there. */
  readonly joint: '' | '--';
}

/** What is drawn of a topology. */
export interface Drawing {
  readonly topology: Segments;
  /** Functions that are drawn; a bridge among them with every bus behind it. */
  readonly whole: ReadonlySet<ShownFunction>;
  /** Bridges that are drawn for what is behind them alone. */
  readonly leading: ReadonlySet<ShownFunction>;
  /** Of functions that are no bridges; undefined where their numbers are enough. */
  readonly names: IdNames | undefined;
}

export function treeText(drawing: Drawing): string {
  const lines: string[] = [];
  for (const [domain, root] of drawing.topology.roots)
    draw('-', ' ', busBranches(drawing, domain, root), lines);
  return lines.map((line) => `${line}\n`).join('');
}

function busBranches(drawing: Drawing, domain: number, { bridge, buses }: Segment): readonly Branch[] {
  const empty = bridge !== undefined && drawing.whole.has(bridge.fn);
  const branches: Branch[] = [];
  for (const [bus, functions] of buses) {
    const text = `[${hex4(domain)}:${hex2(bus)}]-`;
    const below = functionBranches(drawing, functions);
    if (below.length > 0 || (empty && functions.length === 0)) branches.push({ text, below, joint: '' });
  }
  return branches;
}

function functionBranches(drawing: Drawing, functions: readonly ShownFunction[]): readonly Branch[] {
  return functions
    .filter((fn) => drawing.whole.has(fn) || drawing.leading.has(fn))
    .map((fn) => functionBranch(drawing, fn));
}

function functionBranch(drawing: Drawing, fn: ShownFunction): Branch {
  const { topology, names } = drawing;
  const place = `${hex2(fn.slot)}.${fn.function}`;
  const segment = topology.behind.get(fn);
  if (segment?.bridge === undefined) {
    const text = names === undefined ? place : `${place}  ${names.full(fn.vendor, fn.device)}`;
    return { text, below: [], joint: '--' };
  }
  const { secondary, subordinate } = segment.bridge;
  const range = secondary === subordinate ? hex2(secondary) : `${hex2(secondary)}-${hex2(subordinate)}`;
  const [[, only = []] = [], ...others] = segment.buses;
  return {
    // A bridge that nobody has configured leads to no bus.
    text: secondary === 0 ? `${place}--` : `${place}-[${range}]--`,
    // The range names an only bus already.
    below:
      others.length === 0
        ? functionBranches(drawing, only)
        : busBranches(drawing, fn.captured.address.domain, segment),
    joint: '--',
  };
}

/**
 * Draws branches behind the beginning of a line.
 * @param blank what stands below that beginning: as wide as it, with the lines that go on downwards.
 */
function draw(line: string, blank: string, below: readonly Branch[], lines: string[]): void {
  const [first, ...others] = below;
  if (first === undefined) lines.push(line);
  else if (others.length === 0)
    drawOne(line + first.joint, blank + ' '.repeat(first.joint.length), first, lines);
  else {
    drawOne(`${line}+-`, `${blank}| `, first, lines);
    for (const [index, branch] of others.entries()) {
      const last = index === others.length - 1;
      drawOne(`${blank}${last ? '\\-' : '+-'}`, `${blank}${last ? '  ' : '| '}`, branch, lines);
    }
  }
}

function drawOne(line: string, blank: string, { text, below }: Branch, lines: string[]): void {
  draw(line + text, blank + ' '.repeat(text.length), below, lines);
}
