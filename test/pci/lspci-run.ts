/** Runs lspci over made-up configuration spaces and cuts its text into lines by name; for tests only. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One device of lspci's answer. */
export interface LspciDevice {
  /** Line without its name, by name: `Control`, `Region 0`, `Express.DevCap`; continued lines joined by a blank. */
  readonly lines: ReadonlyMap<string, string>;
  /** Where the capability lines point, in order; those of broken and looping chains included. */
  readonly capabilities: readonly { readonly offset: number; readonly text: string }[];
}

/** Version that lspci reports; undefined when it is not installed. */
export function lspciVersion(): string | undefined {
  const run = spawnSync('lspci', ['--version'], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim() : undefined;
}

function dump(spaces: readonly Uint8Array[]): string {
  let text = '';
  spaces.forEach((bytes, index) => {
    const [bus, device] = [index >> 5, index & 31].map((part) => part.toString(16).padStart(2, '0'));
    text += `${bus}:${device}.0 made up\n`;
    for (let offset = 0; offset < bytes.length; offset += 16) {
      const row = [...bytes.subarray(offset, offset + 16)].map(
        (byte) => ` ${byte.toString(16).padStart(2, '0')}`,
      );
      text += `${offset.toString(16).padStart(2, '0')}:${row.join('')}\n`;
    }
    text += '\n';
  });
  return text;
}

/**
 * Lets lspci decode up to 8192 spaces in one run; the answers are in the order of the spaces.
 * @param show `names`: ids and classes by the names that are installed, where they are.
 */
export function lspci(spaces: readonly Uint8Array[], show: 'numbers' | 'names' = 'numbers'): LspciDevice[] {
  const directory = mkdtempSync(join(tmpdir(), 'openslot-lspci-'));
  try {
    const file = join(directory, 'dump');
    writeFileSync(file, dump(spaces));
    const run = spawnSync('lspci', ['-F', file, ...(show === 'numbers' ? ['-n'] : []), '-vvv'], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    if (run.status !== 0) throw new Error(`lspci: ${run.stderr}`);
    return run.stdout.trimEnd().split('\n\n').map(parseDevice);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const CAPABILITY = /^Capabilities: \[([0-9a-f]+)(?: v\d+)?\] ?(.*)$/;

function parseDevice(text: string): LspciDevice {
  const lines = new Map<string, string>();
  const capabilities: { offset: number; text: string }[] = [];
  let inside = '';
  let last = '';
  for (const line of text.split('\n')) {
    const depth = /^\t*/.exec(line)?.[0].length ?? 0;
    const content = line.slice(depth);
    const capability = CAPABILITY.exec(content);
    if (depth === 0) {
      lines.set((last = 'device'), content);
    } else if (depth === 1 && capability !== null) {
      const [, offset = '', what = ''] = capability;
      capabilities.push({ offset: Number.parseInt(offset, 16), text: what });
      // The words before the first one that carries a value name the capability.
      inside = /^(Power Management|MSI-X|MSI|Express)/.exec(what)?.[0] ?? `other ${offset}`;
      lines.set((last = inside), what);
    } else if (depth === 1 || (depth === 2 && inside !== '')) {
      if (depth === 1) inside = '';
      const [, name = content, rest = ''] = /^([^:]+):\s*(.*)$/.exec(content) ?? [];
      lines.set((last = depth === 1 ? name : `${inside}.${name}`), rest);
    } else {
      lines.set(last, `${lines.get(last) ?? ''} ${content.trim()}`);
    }
  }
  return { lines, capabilities };
}
