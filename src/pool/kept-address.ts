/** The address of a function as records on disk have it: text, checked when it is read. */
import { z } from 'zod';
import { notations, tryParse } from '../pci/index.js';

/** The text alone. */
export const ADDRESS_TEXT = z
  .string()
  .refine((text) => tryParse(notations.hex, text) !== undefined, { error: 'it is no address', abort: true });

/** Read as the address that it is. */
export const KEPT_ADDRESS = ADDRESS_TEXT.transform((text) => notations.hex.parse(text));
