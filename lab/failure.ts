/** LabFailure: the lab itself could not do its work; its message is all that the user needs to see. */
export class LabFailure extends Error {
  override readonly name = 'LabFailure';
}

/** The last lines of a program's output, for an error message. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
