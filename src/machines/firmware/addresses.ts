/** Addresses of BARs and windows of bridges, as firmware gives them: sized bottom up, placed top down. */
import { ROM_REGION } from '../../function/index.js';
import { Header, romOffset } from '../../pci/index.js';
import { alignUp, arrange, type Block } from './arrange.js';
import type {
  AddressKind,
  ConfigRegisters,
  HostWindows,
  Planned,
  PlannedBridge,
  PlannedFunction,
  PlannedRoot,
  Refuse,
  Window,
} from './plan.js';

type PlannedRegion = PlannedFunction['regions'][number];

const KINDS: readonly AddressKind[] = ['io', 'memory', 'prefetchable'];
/** Steps in which a bridge's windows begin and end. */
const GRANULES: Readonly<Record<AddressKind, number>> = {
  io: 0x1000,
  memory: 0x10_0000,
  prefetchable: 0x10_0000,
};
const CLOSED: Window = { base: 1, limit: 0 };
const FOUR_GIGABYTES = 0x1_0000_0000;

/** Giving out one kind of addresses. */
interface Round {
  readonly kind: AddressKind;
  /** The highest one that reaches the root buses. */
  readonly limit: number;
  readonly refuse: Refuse;
}

/** Programs every BAR and every window. @throws what `refuse` makes: what was given overlaps or does not fit. */
export function assignAddresses(roots: readonly PlannedRoot[], host: HostWindows, refuse: Refuse): void {
  // Windows that nothing is placed in stay closed, whatever the registers held before.
  for (const { children } of roots) closeWindows(children);
  // The root buses share the host's windows.
  const all = roots.flatMap(({ children }) => children);
  for (const kind of KINDS) place(all, { kind, limit: host[kind].limit, refuse }, host[kind]);
}

function place(children: readonly Planned[], round: Round, window: Window): void {
  for (const { block, start } of arrange(blocksOf(children, round), window, round.refuse)) block.place(start);
}

/** What stands on a bus and wants addresses of a kind. */
function blocksOf(children: readonly Planned[], round: Round): Block[] {
  return children.flatMap((child) => {
    if (child.kind === 'function') return barBlocks(child, round.kind);
    const block = windowBlock(child, round);
    return block === undefined ? [] : [block];
  });
}

function barBlocks({ registers, regions, given, path, name }: PlannedFunction, kind: AddressKind): Block[] {
  return regions.flatMap((region) => {
    const fixed = given[region.index]?.address;
    if (kindOf(region, fixed) !== kind) return [];
    const block: Block = {
      what: region.index === ROM_REGION ? `the ROM of ${name}` : `BAR ${region.index} of ${name}`,
      path: fixed === undefined ? path : [...path, 'regions', String(region.index), 'address'],
      size: region.size,
      align: region.size,
      fixed,
      place: (address) => {
        writeBar(registers, region, address);
      },
    };
    return [block];
  });
}

/** Only a 64-bit prefetchable BAR may stand behind a prefetchable window; above 4 GiB there is no other one. */
function kindOf(region: PlannedRegion, fixed: number | undefined): AddressKind {
  if (region.kind === 'io') return 'io';
  if (fixed !== undefined) return fixed >= FOUR_GIGABYTES ? 'prefetchable' : 'memory';
  return region.prefetchable === true && region.wide === true ? 'prefetchable' : 'memory';
}

/** The window of a bridge as a block on the bus above; undefined when nothing behind it wants one. */
function windowBlock(child: PlannedBridge, round: Round): Block | undefined {
  const { kind } = round;
  const given = child.given[kind];
  const extent = given === undefined ? extentOf(child, round) : { ...sized(given), align: GRANULES[kind] };
  if (extent === undefined) return undefined;
  return {
    what: `the ${kind === 'io' ? 'I/O' : kind} window of the bridge`,
    path: given === undefined ? child.path : [...child.path, 'bridge', kind],
    ...extent,
    place: (base) => {
      const window = { base, limit: base + extent.size - 1 };
      writeWindow(child.registers, kind, window);
      place(child.children, round, window);
    },
  };
}

function sized({ base, limit }: Window) {
  return { fixed: base, size: limit - base + 1 };
}

/** How much a bridge passes down when nobody said: all of it, in the bridge's granules. */
function extentOf(child: PlannedBridge, round: Round): Pick<Block, 'fixed' | 'size' | 'align'> | undefined {
  const blocks = blocksOf(child.children, round);
  if (blocks.length === 0) return undefined;
  const granule = GRANULES[round.kind];
  const fixed = blocks.flatMap((block) => block.fixed ?? []);
  // With fixed addresses below, the window begins at the lowest of them; otherwise it is arranged as if it stood at 0,
  // and its alignment makes that true anywhere.
  const base = fixed.length === 0 ? 0 : Math.floor(Math.min(...fixed) / granule) * granule;
  const placed = arrange(blocks, { base, limit: round.limit }, round.refuse);
  const end = alignUp(Math.max(...placed.map((one) => one.end)), granule);
  return {
    fixed: fixed.length === 0 ? undefined : base,
    size: end - base,
    align: Math.max(granule, ...(fixed.length === 0 ? blocks.map(({ align }) => align) : [])),
  };
}

function writeBar(registers: ConfigRegisters, region: PlannedRegion, address: number): void {
  // A ROM stands there without being enabled: whoever reads it does that. That of a bridge is left alone.
  const offset = region.index === ROM_REGION ? romOffset(0) : Header.firstBar + 4 * region.index;
  if (offset === undefined) return;
  registers.configWrite(offset, 4, address % FOUR_GIGABYTES);
  if (region.wide === true) registers.configWrite(offset + 4, 4, Math.floor(address / FOUR_GIGABYTES));
}

function closeWindows(children: readonly Planned[]): void {
  for (const child of children) {
    if (child.kind !== 'bridge') continue;
    for (const kind of KINDS) writeWindow(child.registers, kind, CLOSED);
    closeWindows(child.children);
  }
}

/** An empty window has its base above its limit (PCI-to-PCI Bridge Architecture 1.2, 3.2.5). */
function writeWindow(bridge: ConfigRegisters, kind: AddressKind, { base, limit }: Window): void {
  const closed = base > limit;
  if (kind === 'io') {
    bridge.configWrite(0x1c, 1, closed ? 0xf0 : base / 0x100);
    bridge.configWrite(0x1d, 1, closed ? 0 : Math.floor(limit / 0x100) & 0xf0);
    return;
  }
  const offset = kind === 'memory' ? 0x20 : 0x24;
  const [low, high] = closed ? [0xfff0_0000, 0] : [base % FOUR_GIGABYTES, limit % FOUR_GIGABYTES];
  bridge.configWrite(offset, 2, low / 0x1_0000);
  bridge.configWrite(offset + 2, 2, Math.floor(high / 0x1_0000) & 0xfff0);
  if (kind === 'memory') return;
  bridge.configWrite(0x28, 4, closed ? 0 : Math.floor(base / FOUR_GIGABYTES));
  bridge.configWrite(0x2c, 4, closed ? 0 : Math.floor(limit / FOUR_GIGABYTES));
}
