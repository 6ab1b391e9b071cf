/** `openslot trace`: a guest's accesses to configuration space, by name. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Command } from 'commander';
import { OpenslotError } from '../pci/errors.js';
import { followTrace } from './follow-trace.js';
import { machineOption, XEN_MACHINES, type MachineChoice } from './machine-option.js';
import { secondsOption } from './seconds-option.js';
import { tableLines } from './table.js';
import { readingLine, summaryData, summaryLines } from './trace-words.js';

interface TraceOptions extends MachineChoice {
  readonly follow?: boolean;
  readonly json?: boolean;
  readonly save?: string;
  readonly seconds?: number;
}

/** A trace cannot be written where it belongs. */
export class TraceNotSavedError extends OpenslotError {
  readonly code = 'TRACE_NOT_SAVED';
  constructor(file: string, cause: unknown) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    super(
      `the trace cannot be written to ${file}: ${why}`,
      { file, why },
      'name another file behind --save',
      {
        cause,
      },
    );
  }
}

export function define(command: Command): void {
  command
    .addOption(machineOption(XEN_MACHINES))
    .option('--follow', 'print each access as it comes')
    .option('--save <file>', 'write the trace there, for openslot policy learn; an existing file is kept')
    .addOption(secondsOption('end after so many seconds; without it, with Ctrl-C or with the guest'))
    .option('--json', 'print data: the summary, or with --follow a line for each access')
    .addHelpText(
      'after',
      `
Shows what the guest's drivers do to configuration space from now on, in the words of openslot show. At the end comes a
summary, with what the policy refused first: that is what a driver may be missing. docs/policy.md says how a policy for
the device is learned from it.

What a driver does when it starts is in the trace only if the trace began before: create the guest paused, trace, and
unpause it; or trace, and then attach. A guest that is not traced pays nothing for it.
A write is told by what it asks to change: a driver that reads a register, changes a field of it and writes all of it
back has asked for that field.

Examples:
  openslot trace web
  openslot trace web --follow
  openslot trace web --seconds 30 --save web.trace
  xl create -p web.cfg; openslot trace web --save web.trace & xl unpause web`,
    )
    .action(trace);
}

async function trace(guest: string, options: TraceOptions): Promise<void> {
  const { follow = false, json = false, save } = options;
  using file = save === undefined ? undefined : new TraceFile(save);
  const { traceHead, traceLines, TraceSummary } = await import('../admin/policies/index.js');
  const summary = new TraceSummary();
  await followTrace(guest, options, ({ head, machine, part }) => {
    if (head !== undefined) {
      file?.write(traceHead(machine, head));
      process.stderr.write(`tracing guest ${head.name} (${head.domain}): Ctrl-C ends it\n`);
    }
    file?.write(traceLines(part));
    if (follow && part.lost > 0)
      process.stdout.write(
        json ? `${JSON.stringify({ lost: part.lost })}\n` : `${part.lost} accesses lost\n`,
      );
    for (const { of, reading } of summary.add(part))
      if (follow) process.stdout.write(`${readingLine(of.function, reading, json)}\n`);
  });
  if (follow) return;
  process.stdout.write(
    json ? `${JSON.stringify(summaryData(summary))}\n` : `${summaryLines(summary, tableLines).join('\n')}\n`,
  );
}

/** Made anew, and written part by part: what was traced is there though the command is killed. */
class TraceFile implements Disposable {
  readonly #path: string;
  readonly #fd: number;

  /** @throws {TraceNotSavedError} */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = openSync(path, 'wx', 0o600);
    } catch (cause) {
      throw new TraceNotSavedError(path, cause);
    }
  }

  write(text: string): void {
    try {
      const bytes = Buffer.from(text, 'utf8');
      for (let written = 0; written < bytes.length;) written += writeSync(this.#fd, bytes, written);
    } catch (cause) {
      throw new TraceNotSavedError(this.#path, cause);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
