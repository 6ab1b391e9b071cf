/** The function that was asked about, with its attributes and its place among the others. */
import type { FunctionSummary } from '../../function/index.js';
import type { FunctionNode, Topology } from '../../look/index.js';
import { notations, type PciAddress } from '../../pci/index.js';
import type { ExaminedHost } from './examined-host.js';

const BRIDGE_CLASS = 0x06;

export class ExaminedFunction {
  readonly summary: FunctionSummary;
  readonly node: FunctionNode;
  readonly topology: Topology;
  readonly #host: ExaminedHost;

  constructor(host: ExaminedHost, summary: FunctionSummary, node: FunctionNode, topology: Topology) {
    this.#host = host;
    this.summary = summary;
    this.node = node;
    this.topology = topology;
  }

  get address(): PciAddress {
    return this.summary.address;
  }

  /** As people type it, for commands to run next. */
  get name(): string {
    return notations.shortHex.format(this.address);
  }

  get driver(): string | undefined {
    return this.summary.driver;
  }

  /** Others are behind it, or the host itself: nothing of it is handed over. */
  get isBridge(): boolean {
    return [1, 2].includes(this.summary.headerType) || this.summary.classCode >>> 16 === BRIDGE_CLASS;
  }

  /** Text of a sysfs attribute; undefined where the kernel does not show it. */
  attribute(file: string): string | undefined {
    return this.#host.attribute(this.address, file);
  }

  /** The bridges above it, from the nearest to the root. */
  get path(): readonly FunctionNode[] {
    const bridges: FunctionNode[] = [];
    for (let at = this.node.above; at !== undefined; at = at.above) bridges.push(at);
    return bridges;
  }
}
