/** JSON that this program wrote, checked against the shape that it writes before anybody uses what is in it. */
import type { z } from 'zod';

/** It is no JSON, or a field is not what is written there: the text names it. */
export class UnfitDataError extends Error {
  override readonly name = 'UnfitDataError';
}

/** @throws {UnfitDataError} */
export function parseChecked<Data>(shape: z.ZodType<Data>, text: string): Data {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UnfitDataError(`it is no JSON: ${cause instanceof Error ? cause.message : ''}`, { cause });
  }
  return checked(shape, value);
}

/** @param field where the value stands in what is read. @throws {UnfitDataError} */
export function checked<Data>(shape: z.ZodType<Data>, value: unknown, field = ''): Data {
  const { success, data, error } = shape.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  const path = (issue?.path ?? []).map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  const place = `${field}${path.join('')}`.replace(/^\./, '');
  throw new UnfitDataError(`${place === '' ? '' : `${place}: `}${issue?.message ?? 'it does not fit'}`);
}
