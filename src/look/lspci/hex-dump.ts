/** lspci's dump of configuration space: 16 bytes a line, as far as was asked for and can be read. */
import { hex2 } from './number-text.js';
import type { ShownFunction } from './shown-function.js';

const HEADER = 64;
const CARDBUS = 2;
const CARDBUS_HEADER = 128;

/**
 * What cannot be read whole is not shown at all, but for the header.
 * @param level how often `-x` was said.
 */
export function hexDump({ config, layout }: ShownFunction, level: number): string {
  if (config.length < HEADER) return 'WARNING: Cannot show hex-dump of the config space\n';
  const end = endOf(config.length, layout === CARDBUS ? CARDBUS_HEADER : HEADER, level);
  let text = '';
  for (let at = 0; at < end; at += 16) {
    text += `${at < 0x100 ? hex2(at) : at.toString(16)}:`;
    for (let i = at; i < at + 16; i++) text += ` ${hex2(config[i] ?? 0xff)}`;
    text += '\n';
  }
  return text;
}

function endOf(size: number, header: number, level: number): number {
  if (level >= 4 && size >= 4096) return 4096;
  if (level >= 3 && size >= 256) return 256;
  return size >= header ? header : HEADER;
}
