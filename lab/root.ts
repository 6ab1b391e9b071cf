/** LabRoot: the extracted Debian tree, and how its programs run on this host with the tree's own libraries. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LabFailure, lastLines } from './failure.js';
import { runProgram } from './process.js';

const libraries = 'usr/lib/x86_64-linux-gnu';

export class LabRoot {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  path(inside: string): string {
    return join(this.folder, inside);
  }

  /** The one file or folder of `folder` whose name matches; the lab never knows a version by heart. */
  find(folder: string, name: RegExp): string {
    const found = readdirSync(this.path(folder)).filter((one) => name.test(one));
    const [first, ...others] = found;
    if (first === undefined || others.length > 0)
      throw new LabFailure(
        `${this.path(folder)}: ${found.length} names match ${String(name)}, expected one.`,
      );
    return first;
  }

  /** Release of the kernel, as `uname -r` names it. */
  get kernelRelease(): string {
    return this.find('usr/lib/modules', /./);
  }

  /**
   * A program of the tree as a command line. It goes through the tree's loader by its real path, because the
   * link `lib64/ld-linux…` is absolute and would lead to the host's.
   * @param name what the program sees as its own name, for programs that are many in one.
   */
  command(program: string, name?: string): [string, ...string[]] {
    const loader = this.path(`${libraries}/ld-linux-x86-64.so.2`);
    const naming = name === undefined ? [] : ['--argv0', name];
    return [loader, '--inhibit-cache', '--library-path', this.path(libraries), ...naming, this.path(program)];
  }

  /** QEMU loads parts of itself (TCG among them) from a folder that it cannot find when it runs out of a tree. */
  get qemuEnvironment(): NodeJS.ProcessEnv {
    return { QEMU_MODULE_DIR: this.path(`${libraries}/qemu`) };
  }

  /** Pipes bytes through a program of the tree. */
  async filter(program: string, args: readonly string[], input: Uint8Array): Promise<Buffer> {
    const ended = await runProgram([...this.command(program), ...args], { input });
    if (ended.code !== 0)
      throw new LabFailure(`${program} ended with ${ended.code}: ${lastLines(ended.output, 3)}`);
    return ended.stdout;
  }
}
