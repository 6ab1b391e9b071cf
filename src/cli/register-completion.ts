/** Names of registers for the shell: those that a typed word may become, no more of them than help. */
import type { PciAddress } from '../pci/index.js';
import { registerNames } from '../proto/program/index.js';
import type { MachineChoice } from './machine-option.js';
import { functionNamed } from './named-function.js';
import { openRegisterSession } from './register-session.js';

/**
 * Names that begin with `typed` and have as many dots; a name that is the only one is joined by those one dot below it,
 * so that a shell goes on to them: `pcie.dev` has `pcie.devcap`, `pcie.devctl`; `pci` has `pcie` and its registers.
 */
export function namesFrom(names: readonly string[], typed: string): readonly string[] {
  const dots = dotsIn(typed);
  const beginning = [...new Set(names)].filter((name) => name.startsWith(typed));
  const level = beginning.filter((name) => dotsIn(name) === dots);
  const [only, ...more] = level;
  if (only === undefined || more.length > 0) return level;
  return [only, ...beginning.filter((name) => name.startsWith(`${only}.`) && dotsIn(name) === dots + 1)];
}

/**
 * All names of a function's registers, and of what holds them. Nothing but its configuration space is read.
 * `capabilities`: those that name a header or a capability as a whole, which can be read and not assigned.
 */
export async function namesOfFunction(
  choice: MachineChoice,
  address: PciAddress,
): Promise<{ readonly names: readonly string[]; readonly capabilities: ReadonlySet<string> }> {
  using session = await openRegisterSession(address, { ...choice, map: [] }, false);
  const own = registerNames(session.maps);
  const configured = (await session.configuration()).names();
  const capabilities = new Set(configured.filter((name) => dotsIn(name) === 0 && !own.includes(name)));
  return { names: [...own, ...configured], capabilities };
}

/** The first word that is a function: it stands before the registers of `get`, `set` and `watch`. */
export async function addressAmong(
  words: readonly string[],
  choice: MachineChoice,
): Promise<PciAddress | undefined> {
  for (const word of words) {
    try {
      return await functionNamed(word, choice);
    } catch {
      // An option, or its value.
    }
  }
  return undefined;
}

function dotsIn(name: string): number {
  return name.split('.').length - 1;
}
