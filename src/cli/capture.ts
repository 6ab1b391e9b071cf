/** `openslot capture`: saves a machine, or some of its functions, as they are now. */
import { Option, type Command } from 'commander';
import { notations, OpenslotError, tryParse } from '../pci/index.js';
import { machineOption, type MachineChoice } from './machine-option.js';
import { functionsNamed } from './named-function.js';

/** Where the file's name is needed, there is an address: the whole machine would be saved under it. */
export class CaptureFileNeededError extends OpenslotError {
  readonly code = 'CAPTURE_FILE_NEEDED';
  constructor(text: string) {
    super(
      `${text} is an address, and the file comes first`,
      { text },
      `openslot capture FILE ${text}; for a file of that name write ./${text}`,
    );
  }
}

interface CaptureOptions extends MachineChoice {
  readonly format: 'openslot' | 'lspci';
  readonly redact?: boolean;
}

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .addOption(
      new Option(
        '--format <format>',
        'openslot: all that is known, as JSON; lspci: registers alone, as lspci -xxxx',
      )
        .choices(['openslot', 'lspci'])
        .default('openslot'),
    )
    .option('--redact', 'take out serial numbers, and say which')
    .addHelpText(
      'after',
      `
The file is written whole or not at all, readable by you alone; "-" is standard output. Every command reads it with
--on capture:FILE, and dumps of lspci too. Configuration space is read, 4 bytes at a time; written are addresses of
vital product data alone, where nobody has the function. Without root the kernel shows 64 bytes of it.

Examples:
  openslot capture card.json 0a:00.0 0a:00.1 --redact
  sudo openslot capture server.json
  openslot show 0a:00.0 --on capture:server.json
  sudo openslot capture - --format lspci | lspci -F /dev/stdin -vv`,
    )
    .action(capture);
}

async function capture(file: string, texts: readonly string[], options: CaptureOptions): Promise<void> {
  if (tryParse(notations.hex, file) !== undefined) throw new CaptureFileNeededError(file);
  const addresses = await functionsNamed(texts, options);
  const [{ takeCapture }, { formatCapture, formatDump, redactCapture, writeWhole }] = await Promise.all([
    import('./machine-capture.js'),
    import('../machines/capture/index.js'),
  ]);
  const whole = await takeCapture(options, addresses.length === 0 ? {} : { addresses });
  const { capture: saved, removed } =
    options.redact === true ? redactCapture(whole) : { capture: whole, removed: [] };
  const text = options.format === 'lspci' ? formatDump(saved) : formatCapture(saved, removed);
  if (file === '-') process.stdout.write(text);
  else writeWhole(file, text);
  const { functions } = saved;
  const notes = [
    `${functions.length === 1 ? '1 function' : `${functions.length} functions`} of ${saved.machine}`,
    ...removed.map((what) => `taken out of ${what}`),
    ...(options.redact === true && removed.length === 0 ? ['no serial number was found'] : []),
    ...notShown(functions),
  ];
  process.stderr.write(notes.map((note) => `${note}\n`).join(''));
}

/** What is missing from the file, each reason once. */
function notShown(
  functions: readonly { readonly unreadable: readonly { what: string; why: string }[] }[],
): string[] {
  const counts = new Map<string, number>();
  for (const { what, why } of functions.flatMap(({ unreadable }) => unreadable))
    counts.set(`${what}: ${why}`, (counts.get(`${what}: ${why}`) ?? 0) + 1);
  return [...counts].map(
    ([reason, count]) => `missing from ${count === 1 ? '1 function' : `${count} functions`}: ${reason}`,
  );
}
