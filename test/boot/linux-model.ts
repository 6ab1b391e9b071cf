/** Linux's xen-pciback as its parameter is read, written anew: a text pattern for each form, and numbers in arithmetic modulo 2^32. */

export interface ModelOutcome {
  /** `domain:bus:device.function` in decimal, -1 for every one. Undefined: the driver does not start. */
  readonly listed: readonly string[] | undefined;
}

const SPACE = '[ \\t\\n\\v\\f\\r]*';
const NUMBER = `${SPACE}(0[xX][0-9a-fA-F]*|[0-9a-fA-F]+)`;
/** Slot and function: two numbers, a number and a star, two stars. */
const ENDS = [`${NUMBER}\\.${NUMBER}`, `${NUMBER}\\.\\*`, '\\*\\.\\*'];
const FORMS = [`${NUMBER}:${NUMBER}:`, `${NUMBER}:`].flatMap((front) =>
  ENDS.map((end) => new RegExp(`^${SPACE}\\(${front}${end}\\)${SPACE}`)),
);

function int32(text: string): number {
  let value = 0;
  for (const digit of text.replace(/^0[xX]/, '')) value = (value * 16 + Number.parseInt(digit, 16)) % 2 ** 32;
  return value >= 2 ** 31 ? value - 2 ** 32 : value;
}

export function modelLinux(value: string): ModelOutcome {
  const listed: string[] = [];
  let rest = value;
  while (rest !== '') {
    const index = FORMS.findIndex((form) => form.test(rest));
    const match = FORMS[index]?.exec(rest);
    if (match === null || match === undefined) return { listed: undefined };
    const numbers = match.slice(1).map(int32);
    const domain = index < 3 ? (numbers.shift() ?? 0) : 0;
    const [bus = 0, slot = -1, fn = -1] = numbers;
    const [device, func] = [Math.max(slot, -1), Math.max(fn, -1)];
    if (domain < 0 || domain > 65535 || bus < 0 || bus > 255 || device > 31 || func > 7)
      return { listed: undefined };
    listed.push(`${domain}:${bus}:${device}.${func}`);
    rest = rest.slice(match[0].length);
  }
  return { listed };
}
