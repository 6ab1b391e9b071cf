/** A private apt: the host's package sources, but lists, status and downloads in a folder of our own. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabFailure, lastLines } from './failure.js';
import { runProgram, type Ended } from './process.js';
import { megabytes, step, whileTelling } from './progress.js';

interface Planned {
  readonly file: string;
  readonly bytes: number;
}

export class PrivateApt {
  readonly #folder: string;
  #updateOutput = '';

  /** @param folder for apt's lists and the downloaded packages; nothing outside of it is written. */
  constructor(folder: string) {
    this.#folder = folder;
    for (const part of ['lists/partial', 'archives/partial', 'planning/partial'])
      mkdirSync(join(folder, part), { recursive: true });
    // An empty status says that nothing is installed: the whole closure is fetched, down to libc.
    writeFileSync(this.#path('status'), '');
    writeFileSync(this.#path('apt.conf'), this.#configuration());
  }

  /** Fetches the package lists. A source that fails is tolerated as long as the packages can be had without it. */
  async update(): Promise<void> {
    await step('package lists', async () => {
      this.#updateOutput = (await this.#apt('update')).output;
    });
  }

  /** Downloads the packages and all that they depend on. @returns the paths of the .deb files. */
  async download(names: readonly string[]): Promise<string[]> {
    const planned = await this.#plan(names);
    const total = planned.reduce((sum, one) => sum + one.bytes, 0);
    await step(`${planned.length} packages, ${megabytes(total)}`, async () => {
      const tell = () => `${megabytes(this.#bytesThere())} of ${megabytes(total)}`;
      const ended = await whileTelling(tell, this.#install('archives', names));
      if (ended.code !== 0) throw this.#failure('The packages could not be downloaded', ended);
    });
    return planned.map((one) => join(this.#path('archives'), one.file));
  }

  /** Which files make the closure. An empty archive folder makes apt list those too that are downloaded already. */
  async #plan(names: readonly string[]): Promise<Planned[]> {
    const ended = await this.#install('planning', names, '--print-uris');
    if (ended.code !== 0)
      throw this.#failure('The packages cannot be had from this host’s package sources', ended);
    const lines = ended.output.matchAll(/^'[^']+' (\S+\.deb) (\d+) /gm);
    return [...lines].map(([, file = '', bytes = '0']) => ({ file, bytes: Number(bytes) }));
  }

  #install(archives: string, names: readonly string[], ...more: string[]): Promise<Ended> {
    const here = ['-o', `Dir::Cache::archives=${this.#path(archives)}`];
    return this.#apt(
      ...here,
      'install',
      '--download-only',
      '--yes',
      '--no-install-recommends',
      ...more,
      ...names,
    );
  }

  #apt(...args: string[]): Promise<Ended> {
    return runProgram(['apt-get', '-c', this.#path('apt.conf'), ...args], {
      environment: { DEBIAN_FRONTEND: 'noninteractive' },
    });
  }

  #configuration(): string {
    return [
      `Dir::State "${this.#folder}";`,
      `Dir::State::lists "${this.#path('lists')}";`,
      `Dir::State::status "${this.#path('status')}";`,
      `Dir::Cache "${this.#folder}";`,
      'Debug::NoLocking "1";',
      'APT::Architecture "amd64";',
      'APT::Sandbox::User "root";',
      'Acquire::Languages "none";',
      'Acquire::Retries "3";',
      // Container images have hooks here that empty the host's own caches.
      '#clear APT::Update::Pre-Invoke;',
      '#clear APT::Update::Post-Invoke;',
      '#clear APT::Update::Post-Invoke-Success;',
      '',
    ].join('\n');
  }

  #bytesThere(): number {
    const folders = [this.#path('archives'), this.#path('archives/partial')];
    const files = folders.flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)));
    return files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
  }

  #failure(what: string, ended: Ended): LabFailure {
    const update = lastLines(this.#updateOutput, 12);
    return new LabFailure(
      `${what}.\napt-get update said:\n${update}\napt-get install said:\n${lastLines(ended.output, 12)}`,
    );
  }

  #path(part: string): string {
    return join(this.#folder, part);
  }
}
