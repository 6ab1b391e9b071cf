/** What an attachment and its end do, in words and in their order: for plans. Their durable record is in XenStore. */
import type { DescribedStep } from '../change/index.js';
import type { PciAddress } from '../pci/index.js';

/** `seized`: the steps of the claims that come first. */
export function attachSteps(
  guest: string,
  addresses: readonly PciAddress[],
  seized: readonly DescribedStep[],
): readonly DescribedStep[] {
  return [
    ...seized,
    ...addresses.flatMap((address) => [
      {
        what: `note in XenStore that guest ${guest} is given ${address}`,
        undo: 'remove the note',
      },
      { what: `reset ${address} and put its registers back` },
    ]),
    ...addresses.map((address) => ({
      what: `grant guest ${guest} the memory, ports and interrupt of ${address}, and translate its DMA for it`,
      undo: 'take that back, but for what other functions of the guest share with it',
    })),
    {
      what: `list ${addresses.join(', ')} for the front end of guest ${guest}, and wait for it`,
      undo: 'take it off the list',
    },
  ];
}

/** `asked`: the guest agrees first. */
export function detachSteps(
  guest: string,
  addresses: readonly PciAddress[],
  asked: boolean,
): readonly DescribedStep[] {
  const list = addresses.join(', ');
  return [
    asked
      ? {
          what: `ask guest ${guest} to let go of ${list}, and wait for it`,
          undo: 'a guest that does not let go keeps all of them',
        }
      : { what: `take ${list} off the list of guest ${guest} without asking it` },
    ...addresses.map((address) => ({
      what: `reset ${address}, put its registers back, and make it free in the pool`,
    })),
    ...addresses.map((address) => ({
      what: `take back what guest ${guest} was granted with ${address}, and the note of who has it`,
    })),
  ];
}
