/** The end of a prototype chain that refuses names which nothing before it has: a misspelling is an error, not undefined. */
import { RegisterUnknownError } from './errors.js';

/** Names that any object is asked for: by `await`, by `JSON.stringify`, and by `console.log`, which looks for a URL. */
const ASKED_OF_ALL: ReadonlySet<PropertyKey> = new Set(['then', 'toJSON', 'href']);

/**
 * A prototype for objects of registers. Names that an object or its class has are found before it, so that using them
 * costs nothing; reading or assigning others throws {@link RegisterUnknownError}.
 * @param what the names of, and the words for one of them; undefined for an object that is none of those.
 */
export function refusingUnknown(
  what: (object: object) => { readonly names: readonly string[]; readonly of: string } | undefined,
): object {
  const refuse = (target: object, name: PropertyKey, receiver: unknown) => {
    if (typeof name === 'symbol' || name in target || typeof receiver !== 'object' || receiver === null)
      return;
    const known = what(receiver);
    if (known !== undefined) throw new RegisterUnknownError(String(name), known.names, known.of);
  };
  return new Proxy(
    {},
    {
      get: (target, name, receiver): unknown => {
        if (!ASKED_OF_ALL.has(name)) refuse(target, name, receiver);
        return Reflect.get(target, name, receiver);
      },
      set: (target, name, value, receiver) => {
        refuse(target, name, receiver);
        return Reflect.set(target, name, value, receiver);
      },
    },
  );
}
