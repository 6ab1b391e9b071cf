/** lspci's dump of configuration space: 16 bytes a line, as far as was asked for and can be read. */
import { hex2 } from './number-text.js';
import type { ShownFunction } from './shown-function.js';

const HEADER = 64;
const CARDBUS = 2;
const CARDBUS_HEADER = 128;

/** @param level how often `-x` was said. */
export function hexDump({ config, layout }: ShownFunction, level: number): string {
  const header = layout === CARDBUS ? CARDBUS_HEADER : HEADER;
  const asked = level >= 4 ? 4096 : level === 3 ? 256 : header;
  const end = Math.min(asked, config.length);
  let text = '';
  for (let at = 0; at < end; at += 16) {
    text += `${at < 0x100 ? hex2(at) : at.toString(16)}:`;
    for (let i = at; i < at + 16 && i < end; i++) text += ` ${hex2(config[i] ?? 0xff)}`;
    text += '\n';
  }
  return text;
}
