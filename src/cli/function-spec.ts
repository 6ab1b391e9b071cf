/** Specifications of functions as they are typed: xl's, or a name in the place of the address. */
import { isFunctionName } from '../admin/names/function-name.js';
import { notations } from '../pci/index.js';

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
