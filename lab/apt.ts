/** A private apt: the host's package sources or a Debian release of its own; lists, status and downloads in our folder. */
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabFailure, lastLines } from './failure.js';
import { runProgram, type Ended } from './process.js';
import { megabytes, step, whileTelling } from './progress.js';

interface Planned {
  readonly file: string;
  readonly bytes: number;
}

/** Where Debian is fetched from by a host that does not say. */
const MIRROR = 'http://deb.debian.org/debian/';
/** Signs every release that is still supported; each Debian has it. */
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export class PrivateApt {
  readonly #folder: string;
  /** Undefined: the host's sources. */
  readonly #sources: string | undefined;
  #updateOutput = '';

  /**
   * A private apt of another Debian release than the host's, its source packages included, from the mirror and by the
   * keyring of the host.
   * @param release its code name: `trixie`.
   */
  static async ofRelease(folder: string, release: string): Promise<PrivateApt> {
    // Printing what an update would fetch shows the host's mirror without any list being there.
    const asked = await new PrivateApt(folder).#apt('update', '--print-uris');
    const mirror = /^'([^']+\/debian\/)dists\//m.exec(asked.output)?.[1] ?? MIRROR;
    const signed = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : '';
    const lines = ['deb', 'deb-src'].map((kind) => `${kind} ${signed}${mirror} ${release} main\n`);
    return new PrivateApt(folder, lines.join(''));
  }

  /**
   * @param folder for apt's lists and the downloaded packages; nothing outside of it is written.
   * @param sources lines of a sources.list; else the host's sources.
   */
  constructor(folder: string, sources?: string) {
    this.#folder = folder;
    this.#sources = sources;
    for (const part of ['lists/partial', 'archives/partial', 'planning/partial'])
      mkdirSync(join(folder, part), { recursive: true });
    // An empty status says that nothing is installed: the whole closure is fetched, down to libc.
    writeFileSync(this.#path('status'), '');
    if (sources !== undefined) writeFileSync(this.#path('sources.list'), sources);
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

  /** Downloads the archive of a package's source, without Debian's changes. @returns its path. */
  async downloadSource(name: string): Promise<string> {
    const folder = this.#path(`sources/${name}`);
    mkdirSync(folder, { recursive: true });
    await step(`source package ${name}`, async () => {
      const ended = await this.#aptIn(folder, 'source', '--download-only', '--tar-only', name);
      if (ended.code !== 0) throw this.#failure('The source package could not be downloaded', ended);
    });
    const archive = readdirSync(folder).find((file) => /\.orig\.tar\.\w+$/.test(file));
    if (archive === undefined) throw new LabFailure(`The source package ${name} has no archive of its own.`);
    return join(folder, archive);
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
    return this.#aptIn(undefined, ...args);
  }

  /** @param folder where it works: sources come there. */
  #aptIn(folder: string | undefined, ...args: string[]): Promise<Ended> {
    return runProgram(['apt-get', '-c', this.#path('apt.conf'), ...args], {
      environment: { DEBIAN_FRONTEND: 'noninteractive' },
      ...(folder === undefined ? {} : { folder }),
    });
  }

  #configuration(): string {
    return [
      `Dir::State "${this.#folder}";`,
      `Dir::State::lists "${this.#path('lists')}";`,
      `Dir::State::status "${this.#path('status')}";`,
      `Dir::Cache "${this.#folder}";`,
      ...(this.#sources === undefined
        ? []
        : [`Dir::Etc::sourcelist "${this.#path('sources.list')}";`, 'Dir::Etc::sourceparts "-";']),
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
