/** QEMU for tests: the one that is named, the installed one, or that of a lab that was prepared before. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../../lab/cache.js';
import { LabRoot } from '../../../lab/root.js';
import { qemuCommand, QemuMachine, type QemuMachineOptions } from '../../../src/machines/qemu/index.js';

export interface Qemu {
  readonly command: readonly [string, ...string[]];
  readonly environment: NodeJS.ProcessEnv;
  /** `7.2.22`, for the names of tests: what is compared is this one's behaviour. */
  readonly version: string;
}

function findQemu(): Qemu | undefined {
  const installed = asked(qemuCommand(), process.env);
  if (installed !== undefined) return installed;
  const root = new LabRoot(join(cacheFolder(), 'root'));
  const program = 'usr/bin/qemu-system-x86_64';
  if (!existsSync(root.path(program))) return undefined;
  return asked(root.command(program), { ...process.env, ...root.qemuEnvironment });
}

function asked(command: readonly [string, ...string[]], environment: NodeJS.ProcessEnv): Qemu | undefined {
  const [program, ...before] = command;
  const { status, stdout } = spawnSync(program, [...before, '--version'], {
    env: environment,
    encoding: 'utf8',
  });
  if (status !== 0) return undefined;
  return { command, environment, version: /version (\S+)/.exec(stdout)?.[1] ?? 'of an unknown version' };
}

/** undefined where there is none. */
export const qemu = findQemu();

/** For Node's runner: why tests that need it are left out. */
export const skip = qemu === undefined ? 'no qemu-system-x86_64 is installed' : false;

/** @param given what stands behind `qemu:`. */
export function startQemu(given: string, options: QemuMachineOptions = {}): Promise<QemuMachine> {
  if (qemu === undefined) throw new Error(String(skip));
  return QemuMachine.start(given, { command: qemu.command, environment: qemu.environment, ...options });
}
