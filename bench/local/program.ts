/** Runs one of the bench's programs in a process of its own, and reads what it says as JSON. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { LabFailure } from '../../lab/failure.js';

/** @throws {LabFailure} it failed, and has said why. */
export async function runProgram<Result>(name: string, args: readonly string[]): Promise<Result> {
  const file = fileURLToPath(new URL(`${name}.js`, import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new LabFailure(`${name} ended with ${code ?? 'a signal'}.`);
  return JSON.parse(text) as Result;
}
