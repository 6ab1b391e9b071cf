/** A Node program that does nothing: what every Node program costs at least. */
export {};
