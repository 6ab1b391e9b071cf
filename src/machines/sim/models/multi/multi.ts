/** `multi`: one device with three functions that have nothing to do with each other: pins, a timer, a copy engine. */
import type { DeviceKind } from '../../device-model.js';
import { noOptions } from '../options.js';
import { COPIER, Copier } from './copier.js';
import { GPIO, Gpio } from './gpio.js';
import { IntervalTimer, TIMER } from './timer.js';

export const multi: DeviceKind<undefined> = {
  name: 'multi',
  summary: 'a multi-function device: pins behind ports (0), an interval timer (1), a copy engine (3)',
  options: (given) => noOptions('multi', given),
  functions: () => [
    { function: 0, shape: GPIO },
    { function: 1, shape: TIMER },
    // Numbers of functions may have gaps: who enumerates must not stop at the first one that is missing.
    { function: 3, shape: COPIER },
  ],
  create(_options, fn, bus) {
    switch (fn) {
      case 1:
        return new IntervalTimer(bus);
      case 3:
        return new Copier(bus);
      default:
        return new Gpio(bus);
    }
  },
};
