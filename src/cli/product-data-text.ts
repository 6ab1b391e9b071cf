/** Vital product data as lines of text for a person. */
import { decodeVpd, visibleText, vpdText, type VpdField } from '../pci/index.js';

const TITLE = 38;
/** Bytes of a field that are written out; the others are counted. */
const SHOWN_BYTES = 16;

function valueText({ kind, bytes, length }: VpdField, isWrong: boolean): string {
  if (kind === 'text') return visibleText(vpdText(bytes));
  if (kind === 'free') return `${length} bytes`;
  if (kind === 'checksum') return isWrong ? 'wrong' : 'right';
  const hex = [...bytes.subarray(0, SHOWN_BYTES)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length > SHOWN_BYTES ? `${hex} and ${bytes.length - SHOWN_BYTES} bytes more` : hex;
}

export function productDataLines(data: Uint8Array): string[] {
  const { resources, findings } = decodeVpd(data);
  const wrong = new Set(
    findings.filter(({ code }) => code === 'VPD_CHECKSUM_WRONG').map(({ offset }) => offset),
  );
  const lines = ['Vital product data'];
  const line = (offset: number, name: string, value: string) =>
    `  ${offset.toString(16).padStart(3, '0')}  ${name.padEnd(TITLE)} ${value}`.trimEnd();
  for (const resource of resources) {
    if (resource.kind === 'name') {
      lines.push(line(resource.offset, 'Name', visibleText(vpdText(resource.bytes))));
      continue;
    }
    const suffix = resource.kind === 'read_write' ? ' (writable)' : '';
    for (const field of resource.fields) {
      const name = `${visibleText(field.keyword)}  ${field.title}${suffix}`;
      lines.push(line(field.offset, name, valueText(field, wrong.has(field.offset))));
    }
  }
  for (const { code, offset } of findings) lines.push(`  ! ${code} at 0x${offset.toString(16)}`);
  return lines;
}
