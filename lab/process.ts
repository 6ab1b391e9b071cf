/** Runs a program to its end and gives back what it printed. */
import { spawn } from 'node:child_process';

export interface Ended {
  readonly code: number;
  /** Standard output and standard error as they came. */
  readonly output: string;
  /** Standard output alone, as bytes. */
  readonly stdout: Buffer;
}

/** @throws {Error} when the program cannot be started; a bad exit code is the caller's business. */
export async function runProgram(
  command: readonly [string, ...string[]],
  options: {
    readonly input?: Uint8Array;
    readonly environment?: NodeJS.ProcessEnv;
    /** Where it runs; else where this process does. */
    readonly folder?: string;
  } = {},
): Promise<Ended> {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', ...options.environment },
    cwd: options.folder,
  });
  const stdout: Buffer[] = [];
  const both: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout.push(chunk);
    both.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => both.push(chunk));
  // A program that ends before it has read all of its input is not an error of ours.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input);
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      resolve(signal === null ? (status ?? 1) : 128);
    });
  });
  return { code, output: Buffer.concat(both).toString('utf8'), stdout: Buffer.concat(stdout) };
}
