/** Undoing a setting: registers of configuration space get back what they held, where they are still as they were left. */
import { hexNumber } from '../../pci/index.js';
import { NotRestoredError, OtherDeviceError, RegisterChangedError } from './errors.js';
import { differences } from './identity.js';
import type { RunAccesses } from './selected-access.js';
import type { FunctionIdentity, SetRegister, SettingRecord } from './setting-journal.js';

/** What a register held when it was undone, and holds now. */
export interface UndoneRegister {
  readonly register: SetRegister;
  readonly before: number;
  readonly after: number;
}

/**
 * Last set, first undone; bits that were not set stay as they are then. All is checked before the first write.
 * @throws {OtherDeviceError | RegisterChangedError} unless `evenIfChanged`. @throws {NotRestoredError}
 */
export async function undoSetting(
  run: RunAccesses,
  { address, identity, registers }: SettingRecord,
  now: FunctionIdentity,
  { evenIfChanged }: { readonly evenIfChanged: boolean },
): Promise<readonly UndoneRegister[]> {
  const differing = differences(identity, now);
  if (differing.length > 0 && !evenIfChanged) throw new OtherDeviceError(address, differing);
  const backwards = registers.toReversed();
  if (backwards.length === 0) return [];
  const found = await run(backwards.map(readOf));
  backwards.forEach((register, index) => {
    const value = Number(found[index] ?? 0n);
    const expected = register.after ?? register.written;
    const isBack = ((value ^ register.before) & register.mask) === 0;
    if (evenIfChanged || isBack || ((value ^ expected) & register.mask) === 0) return;
    throw new RegisterChangedError(register.name, hexOf(value, register), hexOf(expected, register));
  });
  const undone: UndoneRegister[] = [];
  for (const register of backwards) {
    const [before, after] = await run([updateOf(register), readOf(register)]);
    undone.push({ register, before: Number(before ?? 0n), after: Number(after ?? 0n) });
  }
  const refused = undone.filter(({ register, after }) => ((after ^ register.before) & register.mask) !== 0);
  if (refused.length > 0) throw new NotRestoredError(refused.map(({ register }) => register.name));
  return undone;
}

function readOf({ offset, width }: SetRegister) {
  return { kind: 'read', space: 'config', offset, width } as const;
}

function updateOf({ offset, width, keep, mask, before }: SetRegister) {
  const value = BigInt((before & mask) >>> 0);
  return { kind: 'update', space: 'config', offset, width, keep: BigInt(keep), value } as const;
}

function hexOf(value: number, { width }: SetRegister): string {
  return hexNumber(value, width * 2);
}
