/** `openslot watch`: registers as they change. */
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { readSelected } from '../admin/settings/index.js';
import { OpenslotError } from '../pci/index.js';
import {
  needsConfiguration,
  registerCondition,
  selectReadable,
  type SelectedRegister,
} from '../proto/program/index.js';
import { functionNamed } from './named-function.js';
import { addRegisterOptions, NOTATION, type RegisterOptions } from './register-options.js';
import { openRegisterSession } from './register-session.js';
import { changedFields, changeLine, hexOf, registerData, registerLine } from './register-text.js';
import { untilTold } from './until-told.js';

/** What was waited for did not come in time. */
export class WatchTimeoutError extends OpenslotError {
  readonly code = 'WATCH_TIMEOUT';
  constructor(until: string, seconds: number, seen: string) {
    super(`${until} did not come within ${seconds} s: ${seen}`, { until, seconds, seen });
  }
}

/** Milliseconds between two looks: a device is not kept busy with being looked at. */
const INTERVAL = { least: 10, most: 60_000, usual: 100 };

export function define(command: Command): void {
  addRegisterOptions(command)
    .option('--interval <ms>', `time between two looks, at least ${INTERVAL.least}`, interval, INTERVAL.usual)
    .option('--until <register=value>', 'end when the register, or a field of it, has this value')
    .option('--timeout <seconds>', 'how long to watch: an error where --until did not come by then', seconds)
    .option('--json', 'print a line of data for each change')
    .addHelpText(
      'after',
      `${NOTATION}
Each look reads each register once, and what is another than before is printed: with the first look every register, then
the fields that changed. What changes between two looks and changes back is not seen; a register that reading clears is
cleared by looking. Without a register: all of configuration space that a read does not change, and changes alone.

Examples:
  openslot watch 0a:00.0
  openslot watch 0a:00.0 pcie.lnksta.speed aer.correctable
  openslot watch 01:00.0 status factorial
  openslot watch 0a:00.0 csts --until csts.rdy=1 --timeout 5
  openslot watch 0a:00.0 bar0:0x1c/4 --interval 20 --json`,
    )
    .action(watch);
}

function interval(text: string): number {
  const value = Number(text);
  if (!(value >= INTERVAL.least && value <= INTERVAL.most))
    throw new InvalidArgumentError(`it is ${INTERVAL.least} to ${INTERVAL.most} milliseconds.`);
  return value;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('it is a number of seconds.');
  return value;
}

interface WatchOptions extends RegisterOptions {
  readonly interval: number;
  readonly until?: string;
  readonly timeout?: number;
  readonly json?: boolean;
}

async function watch(text: string, names: readonly string[], options: WatchOptions): Promise<void> {
  const address = await functionNamed(text, options);
  const told = new AbortController();
  void untilTold().then(() => {
    told.abort();
  });
  using session = await openRegisterSession(address, options, false);
  const { maps } = session;
  const given = options.until === undefined ? [] : [options.until];
  const everything = names.length === 0 && given.length === 0;
  const isNamed = everything || [...names, ...given].some((name) => needsConfiguration(maps, name));
  const configuration = isNamed ? await session.configuration() : undefined;
  const until =
    options.until === undefined ? undefined : registerCondition(maps, options.until, configuration);
  const selected = everything
    ? [...(configuration?.harmless() ?? [])]
    : names.flatMap((name) => selectReadable(maps, name, configuration));
  if (until !== undefined && !selected.some(({ name }) => name === until.target.name))
    selected.push(until.target);
  const start = performance.now();
  const most = options.timeout ?? Infinity;
  let before: readonly bigint[] | undefined;
  while (!told.signal.aborted) {
    const values = await readSelected(session.run, selected);
    const since = (performance.now() - start) / 1000;
    selected.forEach((each, index) => {
      const [was, value] = [before?.[index], values[index] ?? 0n];
      if (was === undefined ? !everything : hasChanged(each, was, value))
        tell(each, value, was, since, options.json ?? false);
    });
    // From here on no change is missed.
    if (before === undefined && everything)
      process.stderr.write(`${selected.length} registers of configuration space are watched\n`);
    before = values;
    const isOver = since >= most;
    if (until !== undefined) {
      const value = values[selected.findIndex(({ name }) => name === until.target.name)] ?? 0n;
      if (until.holds(value)) return;
      if (isOver) throw new WatchTimeoutError(options.until ?? '', most, registerLine(until.target, value));
    }
    if (isOver) return;
    await sleep(Math.min(options.interval, Math.max(0, (most - since) * 1000)), undefined, {
      signal: told.signal,
    }).catch(() => undefined);
  }
}

/** Of a register of which a field was named, only that counts. */
function hasChanged(selected: SelectedRegister, before: bigint, value: bigint): boolean {
  if (before === value) return false;
  return selected.field === undefined || changedFields(selected, before, value).length > 0;
}

function tell(
  selected: SelectedRegister,
  value: bigint,
  before: bigint | undefined,
  since: number,
  json: boolean,
): void {
  if (json) {
    const was = before === undefined ? null : hexOf(selected, before);
    const line = { seconds: Number(since.toFixed(3)), before: was, ...registerData(selected, value) };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const text = before === undefined ? registerLine(selected, value) : changeLine(selected, before, value);
  process.stdout.write(`${since.toFixed(3).padStart(9)}  ${text}\n`);
}
