/** Edits of a guest's definition for libvirt: hostdev elements, with everything else left as it is. */
import { hexDigits, type PciAddress } from '../../pci/index.js';
import { editText, type ByteText } from '../boot-file.js';
import { readLibvirtGuest, type LibvirtFunction } from './libvirt-hostdev.js';
import { XmlMalformedError, type XmlElement } from './xml-document.js';

/**
 * Adds a function behind the last hostdev, else behind the last device. `managed`: libvirt takes it from its host driver
 * when the guest starts, and gives it back.
 * @throws {XmlMalformedError}
 */
export function addHostdev(text: ByteText, address: PciAddress, managed: boolean, source: string): ByteText {
  const { root, devices } = readLibvirtGuest(text, source);
  if (devices === undefined)
    throw new XmlMalformedError(source, text, root.offset, 'the definition has no <devices>');
  const anchor = devices.children.findLast(({ name }) => name === 'hostdev') ?? devices.children.at(-1);
  const inner = indentationOf(text, anchor?.offset ?? devices.offset);
  const step = anchor === undefined ? '  ' : stepOf(inner, indentationOf(text, devices.offset));
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const block = hostdevText(address, managed, anchor === undefined ? inner + step : inner, step, lineEnd);
  const at = anchor?.end ?? devices.contentStart;
  if (devices.contentStart !== devices.end) return editText(text, [{ offset: at, length: 0, text: block }]);
  // One tag becomes two.
  const slash = text.lastIndexOf('/', devices.end);
  return editText(text, [
    { offset: slash, length: devices.end - slash, text: `>${block}${lineEnd}${inner}</devices>` },
  ]);
}

/** Takes away the hostdev elements of a function, each with its line. @throws {XmlMalformedError} */
export function removeHostdevs(
  text: ByteText,
  matches: (one: LibvirtFunction) => boolean,
  source: string,
): ByteText {
  const going = readLibvirtGuest(text, source).functions.filter(
    (one) => one.kind === 'hostdev' && matches(one),
  );
  return editText(
    text,
    going.map(({ element }) => removal(text, element)),
  );
}

/** With the line end and the blanks before it: that is how it was added. */
function removal(text: ByteText, { offset, end }: XmlElement): { offset: number; length: number; text: '' } {
  const [before = ''] = /(?:\r?\n)?[ \t]*$/.exec(text.slice(0, offset)) ?? [];
  const start = before.includes('\n') ? offset - before.length : offset;
  return { offset: start, length: end - start, text: '' };
}

/** Blanks at the beginning of the line of a place. */
function indentationOf(text: ByteText, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart, offset))?.[0] ?? '';
}

function stepOf(inner: string, outer: string): string {
  return inner.startsWith(outer) && inner.length > outer.length ? inner.slice(outer.length) : '  ';
}

function hostdevText(
  address: PciAddress,
  managed: boolean,
  indentation: string,
  step: string,
  lineEnd: string,
): string {
  const part = (name: string, value: number, digits: number) => `${name}='0x${hexDigits(value, digits)}'`;
  const place = [
    part('domain', address.domain, 4),
    part('bus', address.bus, 2),
    part('slot', address.device, 2),
    part('function', address.function, 1),
  ].join(' ');
  return [
    '',
    `<hostdev mode='subsystem' type='pci' managed='${managed ? 'yes' : 'no'}'>`,
    `${step}<source>`,
    `${step}${step}<address ${place}/>`,
    `${step}</source>`,
    '</hostdev>',
  ].join(`${lineEnd}${indentation}`);
}
