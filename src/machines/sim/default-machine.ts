/** The machine that `sim` is when nobody describes another one. */

/** In the notation that users write: it is an example of it, too. */
export const DEFAULT_MACHINE = `
# A small host: two devices behind a bridge, three on the root bus.
drivers: [edu, testdev]                 # loaded, besides those that are bound below
roots:
  - bus: 0
    slots:
      - slot: "01"
        bridge: {}                      # its bus number and its windows are found as firmware finds them
        bus:
          - {slot: "00", model: edu}
          - {slot: "01", model: nvme, driver: nvme}
      - slot: "02"
        model: multi                    # functions 0, 1 and 3
        driver: gpio
        functions: {1: {driver: timer}}
      - {slot: "03", model: testdev}
      - {slot: "04", model: clearing}
`;
