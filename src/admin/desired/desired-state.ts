/** What an administrator wants of a host's functions, as data: which are named how, claimed for whom, given to which guest. */
import { z } from 'zod';
import { messageOf, notations } from '../../pci/index.js';
import { CLAIM_PURPOSES } from '../claim-purpose.js';
import { ALLOWABLE_NAMES } from '../findings/errors.js';
import { isFunctionName, LONGEST_FUNCTION_NAME } from '../names/function-name.js';

const text = z.string().min(1);

/** A name, or an address: what else it is is told with all other faults. */
const functionText = text.superRefine((written, context) => {
  if (isFunctionName(written)) return;
  try {
    notations.hex.parse(written);
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) });
  }
});

const wantedFunction = z
  .strictObject({
    function: functionText.describe('the function: its name, or its address with its ids behind `device`'),
    device: z
      .string()
      .regex(/^[0-9a-f]{4}:[0-9a-f]{4}$/, 'expected vendor and device in hexadecimal: "8086:10d3"')
      .optional()
      .describe('vendor and device, 8086:10d3: what must stand there'),
    name: z
      .string()
      .max(LONGEST_FUNCTION_NAME)
      .refine(isFunctionName, 'expected a name as openslot name gives it: nic-dmz')
      .optional()
      .describe('the name that it is given, where it has none'),
    claim: z
      .enum(['pool', ...CLAIM_PURPOSES, 'none'])
      .optional()
      .describe('whom it is claimed for; pool: as openslot claim without --for; none: it is the host’s'),
    guest: text.optional().describe('the guest that has it while that runs, by name'),
    slot: z
      .int()
      .min(0)
      .max(31)
      .optional()
      .describe('slot on the guest’s bus; the first free one where absent'),
    policy: text
      .optional()
      .describe(
        'file with the policy that is kept for its device: what guests may write in it; beside this file',
      ),
    allow: z
      .array(z.enum(ALLOWABLE_NAMES))
      .readonly()
      .optional()
      .describe('findings that are acceptable of this function'),
    even_if_critical: text
      .optional()
      .describe('the function once more, as it is written above: it is taken though the host lives from it'),
  })
  .readonly()
  .superRefine((wanted, context) => {
    const refuse = (path: keyof typeof wanted, message: string) => {
      context.addIssue({ code: 'custom', message, path: [path] });
    };
    if (!isFunctionName(wanted.function) && wanted.device === undefined)
      refuse('function', 'an address needs its ids beside it (device: "8086:10d3"), or a name instead of it');
    if (wanted.guest !== undefined && !['pool', 'xen', undefined].includes(wanted.claim))
      refuse('guest', 'a guest gets functions that are claimed for xen, or for the pool');
    if (wanted.slot !== undefined && wanted.guest === undefined)
      refuse('slot', 'there is no guest whose slot it is');
    if (wanted.even_if_critical !== undefined && wanted.even_if_critical !== wanted.function)
      refuse('even_if_critical', 'expected the function once more, as it is written behind `function`');
  });

export const desiredStateSchema = z
  .strictObject({ functions: z.array(wantedFunction).max(256).readonly() })
  .readonly()
  .meta({
    $id: 'urn:openslot:apply',
    title: 'openslot apply FILE',
    description: 'What is wanted of functions of a host. Functions that are not listed are left as they are.',
  });

/** The file of `openslot apply`, read: {@link parseDesiredState} makes it of YAML. */
export type DesiredState = z.output<typeof desiredStateSchema>;
export type WantedFunction = DesiredState['functions'][number];

/** JSON Schema, 2020-12. */
export function desiredStateJsonSchema(): object {
  return z.toJSONSchema(desiredStateSchema, {
    // That the program does not change it says nothing to a reader.
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly;
    },
  });
}
