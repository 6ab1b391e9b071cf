/** A module without a default function: no guest program. */
export const nothing = true;
