/** Numbers of bytes as a person reads them. */

/** In the largest unit that leaves a whole number: `16 MiB`, `1500 B`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && value % 1024 === 0 && unit < units.length - 1)
    [value, unit] = [value / 1024, unit + 1];
  return `${value} ${units[unit] ?? 'B'}`;
}
