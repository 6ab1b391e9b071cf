/** `openslot set`: writes registers and fields by name or number, and shows what they were before and are now. */
import type { Command } from 'commander';
import { setRegisters, type RegisterChange } from '../admin/settings/index.js';
import { assignments, needsConfiguration } from '../proto/program/index.js';
import { functionNamed } from './named-function.js';
import { addRegisterOptions, NOTATION, type RegisterOptions } from './register-options.js';
import { openRegisterSession } from './register-session.js';
import { hexOf, ladderLines, registerData, shownFields, valueText } from './register-text.js';
import { settingJournal } from './setting-journal.js';

export function define(command: Command): void {
  addRegisterOptions(command)
    .option('--even-if-critical', 'also what cuts the function off, moves it, or takes a protection away')
    .option('--bits', "draw each register's bits as they are now, with its fields below them")
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `${NOTATION}
A field is written by one read and one write, with nothing between them; other fields and reserved bits are kept, bits
that a written 1 clears are not. Fields of one register that follow each other are one write. A whole register is one
write, before which it is read once, for what it was, and once after it; not where a read would change it. Values are as
they are shown: decimal, 0x…, 0b…, one of a field's names, or on and off; or the number of the bits, raw:1.
What configuration space held is remembered before it is written: openslot undo.

Examples:
  openslot set 0a:00.0 pcie.devctl.max_payload=256 header.command.serr=on
  openslot set 01:00.0 status.interrupt_when_computed=on factorial=10
  openslot set 0a:00.0 cc.iosqes=64 cc.iocqes=16 cc.en=1
  openslot set 0a:00.0 bar0:0x14/4=0x460001`,
    )
    .action(set);
}

interface SetCommandOptions extends RegisterOptions {
  readonly evenIfCritical?: boolean;
  readonly bits?: boolean;
  readonly json?: boolean;
}

async function set(text: string, texts: readonly string[], options: SetCommandOptions): Promise<void> {
  const address = await functionNamed(text, options);
  using session = await openRegisterSession(address, options, true);
  const { maps } = session;
  // What bits in configuration space are, is asked of its tables even where they are given by number: for undo.
  const isNamed = texts.some((one) => needsConfiguration(maps, one) || /^config:/i.test(one));
  const configuration = isNamed ? await session.configuration() : undefined;
  const asked = assignments(maps, texts, configuration);
  await setRegisters(
    session.run,
    asked,
    {
      evenIfCritical: options.evenIfCritical ?? false,
      journal: settingJournal(options),
      about: { address: String(address), identity: session.identity },
      configuration,
    },
    (change) => {
      if (options.json) process.stdout.write(`${JSON.stringify(changeData(change))}\n`);
      else process.stdout.write(`${changeLines(change, options.bits ?? false).join('\n')}\n`);
    },
  );
}

function changeLines({ assignment, before, after }: RegisterChange, bits: boolean): string[] {
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

function changeData({ assignment, before, after }: RegisterChange) {
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
