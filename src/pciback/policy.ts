/** The policy between a guest and configuration space, as data: a rule for each register or field that is not dropped. */

/**
 * What becomes of a guest's write, and of its read where that differs from the hardware's.
 * - `pass`: the hardware takes the bits that software may set, and the 1s that clear.
 * - `emulate`: the guest writes and reads back bits of its own; the hardware is not touched.
 * - `hide`: reads as 0, writes are dropped.
 * - the rest names a handler of `guest-config.ts`, for registers whose writes mean more than their bits.
 */
export type PolicyRule = 'pass' | 'emulate' | 'hide' | PolicyHandler;
export type PolicyHandler = 'command' | 'bar' | 'bist' | 'interrupt_line' | 'vpd_address';

/**
 * Dotted names of the register model, of fields or of registers with all of their fields; `config:0x40/4` for a place
 * that no table tells of. What is not listed is read from the hardware, and its writes are dropped.
 */
export type Policy = Readonly<Record<string, PolicyRule>>;

/** In force for every function, whatever else a guest may write: these registers are ours. */
export const KEPT_RULES: Policy = {
  'header.command': 'command',
  'header.bar0': 'bar',
  'header.bar1': 'bar',
  'header.bar2': 'bar',
  'header.bar3': 'bar',
  'header.bar4': 'bar',
  'header.bar5': 'bar',
  'header.rom': 'bar',
  'header.interrupt_line': 'interrupt_line',
  // A guest's wake-up events would reach the host's power management.
  'pm.pmc.pme_d0': 'hide',
  'pm.pmc.pme_d1': 'hide',
  'pm.pmc.pme_d2': 'hide',
  'pm.pmc.pme_d3hot': 'hide',
  'pm.pmc.pme_d3cold': 'hide',
  'pm.pmcsr.pme_enable': 'hide',
};

/** What a guest may write besides, where nobody has said what it may: what drivers need. */
export const DEFAULT_ALLOWED: Policy = {
  'header.cache_line': 'pass',
  'header.bist': 'bist',
  // A function that leaves D0 loses what we set up in it; the guest sees the state it asked for.
  'pm.pmcsr.state': 'emulate',
  'pm.pmcsr.data_select': 'pass',
  'pm.pmcsr.pme_status': 'pass',
  'vpd.address': 'vpd_address',
};

/**
 * Default deny, by the rules that Linux's xen-pciback has grown: command, BARs and interrupts are ours; what a driver
 * needs besides is passed; everything else is readable and not writable.
 */
export const DEFAULT_POLICY: Policy = { ...KEPT_RULES, ...DEFAULT_ALLOWED };

/** Tables of which nothing is ever a guest's: it has its interrupts by operations of the protocol. */
const KEPT_TABLES: ReadonlySet<string> = new Set(['msi', 'msix']);

/** Beyond {@link KEPT_RULES}: writing vital product data can break the device for good. */
const KEPT_FIELDS: ReadonlySet<string> = new Set(['vpd.address.flag', 'vpd.data']);

/** True for a register or field that stays ours: no list of what a guest may write can have it. */
export function isKept(name: string): boolean {
  const [table = '', register = ''] = name.split('.');
  const whole = `${table}.${register}`;
  return KEPT_TABLES.has(table) || KEPT_FIELDS.has(name) || name in KEPT_RULES || whole in KEPT_RULES;
}

/** The name under which the default allows a field: its own or its register's; undefined where it does not. */
export function defaultName(name: string): string | undefined {
  if (name in DEFAULT_ALLOWED) return name;
  const register = name.split('.').slice(0, 2).join('.');
  return register in DEFAULT_ALLOWED ? register : undefined;
}

/**
 * The policy that lets a guest write what is named and nothing else. What the default has a rule for keeps it, in a
 * register that is named as a whole as well; what is ours stays ours.
 */
export function policyAllowing(names: readonly string[]): Policy {
  const policy: Record<string, PolicyRule> = {};
  for (const name of names) {
    policy[name] = DEFAULT_ALLOWED[name] ?? 'pass';
    for (const [field, rule] of Object.entries(DEFAULT_ALLOWED))
      if (field.startsWith(`${name}.`)) policy[field] = rule;
  }
  for (const name of names) if (isKept(name)) Reflect.deleteProperty(policy, name);
  return { ...policy, ...KEPT_RULES };
}

/** What one function of a guest is held to, and who said so. */
export interface FunctionPolicy {
  /** In words, for those who ask: `default`, or where it was read. */
  readonly source: string;
  /** What the guest may write besides what is ours; undefined for the default. */
  readonly allowed: readonly string[] | undefined;
}

/** Nobody has said anything: the default. */
export const UNSAID: FunctionPolicy = { source: 'default', allowed: undefined };

/** The rules that hold for the function, our own among them. */
export function rulesOf({ allowed }: FunctionPolicy): Policy {
  return allowed === undefined ? DEFAULT_POLICY : policyAllowing(allowed);
}

/** A place in configuration space that no table tells of: `config:0x40/4`. */
export interface UnnamedPlace {
  readonly offset: number;
  readonly width: 1 | 2 | 4;
}

/** Undefined for text that is none: not aligned to its width, beyond 4096 bytes, or a name. */
export function parseUnnamedPlace(text: string): UnnamedPlace | undefined {
  const [, digits = '', bytes = ''] = /^config:0x([0-9a-f]{1,3})\/([124])$/.exec(text) ?? [];
  if (digits === '') return undefined;
  const offset = Number.parseInt(digits, 16);
  const width = bytes === '4' ? 4 : bytes === '2' ? 2 : 1;
  return offset % width === 0 ? { offset, width } : undefined;
}
