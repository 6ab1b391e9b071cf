/** Specifications of functions as they are typed: xl's, or a name in the place of the address. */
import { isFunctionName } from '../admin/names/function-name.js';
import { notations } from '../pci/index.js';
import type { MachineChoice } from './machine-option.js';
import { functionNamed } from './named-function.js';

const NAMED = /^([a-z0-9_-]+)(?:@([^,]+))?(,.*)?$/;

/**
 * `nic-dmz@5,seize=1` in xl's grammar: `name=nic-dmz,vslot=5,seize=1`. What xl itself reads is left as it is. Which
 * function has the name is for the owner to find out, at the moment when it gives it or takes it back.
 * @throws {MalformedSpecError}
 */
export function functionSpec(text: string): string {
  const [, name = '', slot, options = ''] = NAMED.exec(text) ?? [];
  const place = slot === undefined ? '' : `,vslot=${slot}`;
  const spec = isFunctionName(name) ? `name=${name}${place}${options}` : text;
  notations.xlSpec.parse(spec);
  return spec;
}

/**
 * A specification for who knows no names: the address in the place of the name, which is checked now.
 * @throws {OpenslotError} with a code `NAME_…`.
 */
export async function addressedSpec(spec: string, choice: MachineChoice): Promise<string> {
  const parsed = notations.xlSpec.parse(spec);
  if (parsed.target.kind !== 'name') return spec;
  const address = await functionNamed(parsed.target.name, choice);
  return notations.xlSpec.format({ ...parsed, target: { kind: 'function', address } });
}

export async function addressedSpecs(
  specs: readonly string[],
  choice: MachineChoice,
): Promise<readonly string[]> {
  const addressed: string[] = [];
  for (const spec of specs) addressed.push(await addressedSpec(spec, choice));
  return addressed;
}
