/** What `modprobe --showconfig` prints of a folder, and what the reader says that it prints. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readModprobe } from '../../src/boot/index.js';

/** Undefined where there is no modprobe of kmod. */
export function showConfig(text: string): readonly string[] | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'openslot-modprobe-'));
  try {
    writeFileSync(join(folder, 'a.conf'), text, 'latin1');
    const { error, stdout } = spawnSync('modprobe', ['--showconfig', '-C', folder], { encoding: 'latin1' });
    if (error !== undefined || !stdout.includes('# End of configuration files')) return undefined;
    return stdout
      .slice(0, stdout.indexOf('\n# End of'))
      .split('\n')
      .filter((line) => line !== '');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** By the reader: what the lines command, in the words of `--showconfig`, sorted. */
export function readConfig(text: string): readonly string[] {
  return readModprobe(text)
    .flatMap(({ meaning }) => {
      if (meaning.kind !== 'command') return [];
      const { verb, module, rest } = meaning;
      if (verb === 'blacklist') return [`blacklist ${module}`];
      if (verb === 'alias') return [`alias ${module} ${targetOf(rest.text)}`];
      // Of options, and nothing else, kmod makes tabs into spaces.
      const behind = verb === 'options' ? rest.text.replaceAll('\t', ' ') : rest.text;
      return [comparable(`${verb} ${module} ${behind}`)];
    })
    .sort();
}

/** What modprobe prints of a softdep runs words together; only its module is compared. */
export function comparable(line: string): string {
  return line.replace(/^(softdep \S+).*$/, '$1');
}

function targetOf(rest: string): string {
  const [word = ''] = rest.split(/[ \t]+/).filter((each) => each !== '');
  return word.replaceAll(/\[[^\]]*\]|-/g, (part) => (part === '-' ? '_' : part));
}
