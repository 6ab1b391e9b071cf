/** `openslot set`: writes registers and fields by name or number, and shows what they were before and are now. */
import type { Command } from 'commander';
import type { RegisterOperation } from '../admin/index.js';
import { notations } from '../pci/index.js';
import { assignments, type RegisterAssignment } from '../proto/program/index.js';
import { addRegisterOptions, NOTATION, type RegisterOptions } from './register-options.js';
import { openRegisterSession } from './register-session.js';
import { hexOf, ladderLines, readOf, registerData, shownFields, valueText } from './register-text.js';

export function define(command: Command): void {
  addRegisterOptions(command)
    .option('--bits', "draw each register's bits as they are now, with its fields below them")
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `${NOTATION}
A field is written by one read and one write, with nothing between them; other fields and reserved bits are kept, bits
that a written 1 clears are not. Fields of one register that follow each other are one write. A whole register is one
write, before which it is read once, for what it was, and once after it; not where a read would change it. Values are decimal,
0x…, 0b…, one of a field's names, or on and off.

Examples:
  openslot set 01:00.0 status.interrupt_when_computed=on factorial=10
  openslot set 0a:00.0 cc.iosqes=64 cc.iocqes=16 cc.en=1
  openslot set 0a:00.0 bar0:0x14/4=0x460001`,
    )
    .action(set);
}

interface Change {
  readonly assignment: RegisterAssignment;
  readonly before: bigint | undefined;
  readonly after: bigint | undefined;
}

async function set(
  text: string,
  texts: readonly string[],
  options: RegisterOptions & { readonly bits?: boolean; readonly json?: boolean },
): Promise<void> {
  const address = notations.hex.parse(text);
  using session = await openRegisterSession(address, options, true);
  for (const assignment of assignments(session.maps, texts)) {
    const change = await make(assignment, (operations) => session.run(operations));
    if (options.json) process.stdout.write(`${JSON.stringify(changeData(change))}\n`);
    else process.stdout.write(`${changeLines(change, options.bits ?? false).join('\n')}\n`);
  }
}

/** One request: what was there, the write, and what is there then. */
async function make(
  assignment: RegisterAssignment,
  run: (operations: readonly RegisterOperation[]) => Promise<readonly (bigint | undefined)[]>,
): Promise<Change> {
  const { target, write } = assignment;
  const { space, offset, shape } = target;
  const place = { space, offset, width: shape.register.width };
  const looks = shape.isReadable && !shape.readClears ? [readOf(target)] : [];
  // An update reads by itself, and finds what was there.
  if (write.keep !== 0n) {
    const [before, after] = await run([{ kind: 'update', ...place, ...write }, ...looks]);
    return { assignment, before, after };
  }
  const found = await run([...looks, { kind: 'write', ...place, value: write.value }, ...looks]);
  return { assignment, before: found[0], after: looks.length === 0 ? undefined : found[2] };
}

function changeLines({ assignment, before, after }: Change, bits: boolean): string[] {
  const { target, write, fields } = assignment;
  const { name, shape } = target;
  if (after === undefined || before === undefined) {
    const why = shape.isReadable ? 'reading clears it' : 'it is write-only';
    return [`${name}  written ${hexOf(target, write.value)}, not read back: ${why}`];
  }
  const changed = `${hexOf(target, before)} -> ${hexOf(target, after)}`;
  const lines =
    fields.length === 0
      ? [`${name}  ${changed}`]
      : fields.map(({ field }) => {
          const one = { ...target, field };
          const shown = (value: bigint) => shownFields(one, value).map(valueText).join('');
          return `${name}.${field.name}  ${shown(before)} -> ${shown(after)}  (${changed})`;
        });
  return bits ? [...lines, ...ladderLines(target, after)] : lines;
}

function changeData({ assignment, before, after }: Change) {
  const { target, write, fields } = assignment;
  const kept = before === undefined ? 0n : before & write.keep;
  return {
    ...registerData({ ...target, field: undefined }, after ?? 0n),
    ...(after === undefined ? { hex: null, fields: [] } : {}),
    set: fields.map(({ field }) => `${target.name}.${field.name}`),
    before: before === undefined ? null : hexOf(target, before),
    written: hexOf(target, kept | write.value),
  };
}
