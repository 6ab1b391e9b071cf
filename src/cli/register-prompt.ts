/** The prompt of `openslot repl`: JavaScript with a function and its registers, completion by the maps, bits drawn. */
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { start, type REPLServer } from 'node:repl';
import { inspect } from 'node:util';
import { makeFolder } from '../durable/index.js';
import { notations, OpenslotError, type RegisterMap } from '../pci/index.js';
import {
  bitLadder,
  MappedArray,
  MappedRegister,
  RegisterError,
  type AnyRegister,
  type ProgramFunction,
} from '../proto/program/index.js';
import { writeAtOnce } from './immediate-output.js';
import { showsColors } from './terminal-colors.js';

/** Settles when the user ends it. */
export async function runPrompt(fn: ProgramFunction, maps: readonly RegisterMap[]): Promise<void> {
  const { terminal, stdout, stdin } = {
    terminal: process.stdin.isTTY && process.stdout.isTTY,
    stdout: process.stdout,
    stdin: process.stdin,
  };
  if (terminal) {
    // Lines that print are what Ctrl-C ends most.
    for (const stream of [stdout, process.stderr]) if (stream.isTTY) writeAtOnce(stream);
    stdout.write(`${greeting(fn, maps)}\n`);
  }
  const colors = terminal && showsColors(stdout);
  const server = start({
    prompt: terminal ? `${notations.shortHex.format(fn.address)}> ` : '',
    input: stdin,
    output: stdout,
    terminal,
    useColors: colors,
    // A preview would read registers while a line is being typed.
    preview: false,
    // Ctrl-C ends what is awaited, and a loop: an interrupt that never comes is what one looks for here.
    breakEvalOnSigint: terminal,
    ignoreUndefined: true,
    writer: (value: unknown) => shown(value, colors),
  });
  Object.assign(server.context, { fn, regs: registersByName(fn, maps) });
  completeByMaps(server, maps);
  if (terminal) {
    keepHistory(server);
    letBreak(server);
  }
  await new Promise<void>((resolve) => {
    server.once('exit', () => {
      resolve();
    });
  });
}

function greeting(fn: ProgramFunction, maps: readonly RegisterMap[]): string {
  const bars = fn.regions
    .map(({ index, kind }) => `bar${index}${kind === 'io' ? ' (ports)' : ''}`)
    .join(', ');
  const named = maps.map(({ title }) => title).join(', ');
  return `fn: ${String(fn.address)}, ${bars === '' ? 'no regions' : bars}\nregs: ${named === '' ? 'no map (--map FILE)' : named}`;
}

/** With one map its registers, with several the maps by their names. */
function registersByName(fn: ProgramFunction, maps: readonly RegisterMap[]): object {
  const [only, ...others] = maps;
  if (only === undefined) return {};
  if (others.length === 0) return refusingAssignment(fn.registers(only));
  return Object.fromEntries(maps.map((map) => [map.name, refusingAssignment(fn.registers(map))]));
}

/** Lines of the prompt are sloppy code, in which `regs.status = 1` would do nothing and say nothing. */
function refusingAssignment(registers: object): object {
  return new Proxy(registers, {
    set: (target, name, value, receiver) => {
      if (!Object.hasOwn(target, name)) return Reflect.set(target, name, value, receiver);
      const next = `regs.${String(name)}.value = … writes all of it`;
      throw new RegisterError('REGISTER_VALUE', String(name), 'it is a register, and not assigned to', next);
    },
  });
}

/** A register with its bits, by one read; one that a read would change, or that has nothing to read, without. */
function shown(value: unknown, colors: boolean): string {
  if (value instanceof MappedRegister) return registerText(value);
  if (isBreak(value)) return 'interrupted; what was begun may still go on';
  if (value instanceof OpenslotError)
    return `${value.code}: ${value.message}${value.next === '' ? '' : `\nnext  ${value.next}`}`;
  if (value instanceof MappedArray) return `${value.length} registers: .at(0) to .at(${value.length - 1})`;
  if (typeof value === 'number' && Number.isInteger(value) && value > 9)
    return `${inspect(value, { colors })}  0x${value.toString(16)}`;
  if (typeof value === 'bigint' && value > 9n)
    return `${inspect(value, { colors })}  0x${value.toString(16)}`;
  return inspect(value, { colors, getters: false });
}

function isBreak(value: unknown): boolean {
  // No instance of this realm's Error: the prompt's context makes it.
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    value.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED'
  );
}

function registerText(register: MappedRegister): string {
  const { shape, offset } = MappedRegister.describe(register);
  const where = `${shape.name}  at 0x${offset.toString(16).padStart(2, '0')}, ${shape.register.width} bytes`;
  if (!shape.isReadable) return `${where}, write-only`;
  if (shape.readClears) return `${where}, not read: reading clears it (.read() does)`;
  const { value }: Pick<AnyRegister, 'value'> = register;
  const hex = `0x${value.toString(16).padStart(shape.register.width * 2, '0')}`;
  return [`${where}  ${hex}`, ...bitLadder(shape.register, value).map((line) => `  ${line}`)].join('\n');
}

/** Names behind `regs.`, without evaluating what stands before them: a field is read when it is evaluated. */
export function completionsIn(line: string, maps: readonly RegisterMap[]): [string[], string] | undefined {
  const path = /(?:^|[^\w.$)])regs\.([\w.()]*)$/.exec(line)?.[1];
  if (path === undefined) return undefined;
  const parts = path.replace(/\.at\(\d*\)/g, '').split('.');
  const last = parts.pop() ?? '';
  const [only, ...others] = maps;
  // With one map its registers stand behind `regs` themselves.
  const named = others.length === 0 ? only?.name : parts.shift();
  const map = maps.find(({ name }) => name === named);
  const names = map === undefined ? maps.map(({ name }) => name) : namesBehind(map, parts, path);
  return [names.filter((name) => name.startsWith(last)), last];
}

function namesBehind(map: RegisterMap, parts: readonly string[], path: string): string[] {
  const [registerName, ...more] = parts;
  if (registerName === undefined) return map.registers.map(({ name }) => name);
  const register = map.registers.find(({ name }) => name === registerName);
  if (register === undefined || more.length > 0) return [];
  if (register.repeat !== undefined && !path.includes('.at(')) return ['at(', 'length'];
  const fields = register.fields.map(({ name }) => name).filter((name) => name !== '');
  return [...fields, 'value', 'read()', ...(fields.length === 0 ? [] : ['set({', 'write({'])];
}

type Completer = (line: string, callback: (error: Error | null, result: [string[], string]) => void) => void;

function completeByMaps(server: REPLServer, maps: readonly RegisterMap[]): void {
  const others = server.completer.bind(server) as Completer;
  const completer: Completer = (line, callback) => {
    const found = completionsIn(line, maps);
    if (found === undefined) others(line, callback);
    else callback(null, found);
  };
  Object.assign(server, { completer });
}

/**
 * Others who listen for SIGINT step aside while a line runs. Node's own handler of Ctrl-C stands only where nobody
 * listens; else the process would end without its release.
 */
function letBreak(server: REPLServer): void {
  const evaluate = server.eval.bind(server);
  const evaluateAlone: typeof evaluate = (...line) => {
    const others = process.listeners('SIGINT');
    for (const other of others) process.off('SIGINT', other);
    try {
      evaluate(...line);
    } finally {
      for (const other of others) process.on('SIGINT', other);
    }
  };
  Object.assign(server, { eval: evaluateAlone });
}

/** A history that cannot be kept is no reason to end. */
function keepHistory(server: REPLServer): void {
  const file = join(homedir(), '.local/state/openslot/repl-history');
  try {
    makeFolder(dirname(file), 0o700);
  } catch {
    return;
  }
  server.setupHistory(file, () => undefined);
}
