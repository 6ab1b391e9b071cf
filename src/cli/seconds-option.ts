/** The option of commands that go on until they are told to end: `--seconds`. */
import { InvalidArgumentError, Option } from 'commander';

export function secondsOption(description: string): Option {
  return new Option('--seconds <number>', description).argParser((text: string) => {
    const value = Number(text);
    if (!(value > 0)) throw new InvalidArgumentError('it is a number of seconds.');
    return value;
  });
}
