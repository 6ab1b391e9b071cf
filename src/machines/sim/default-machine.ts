/** The machine that `sim` is when nobody describes another one. */

/** In the notation that users write: it is an example of it, too. */
export const DEFAULT_MACHINE = `
# A small host: two devices behind bridges of their own, three on the root bus.
lines: 8                                # as many as a PC has for its slots: edu and nvme share theirs with nobody
drivers: [testdev]                      # loaded, besides those that are bound below
roots:
  - bus: 0
    slots:
      - slot: "01"
        bridge: {}                      # its bus number and its windows are found as firmware finds them
        bus:
          - {slot: "00", model: edu, driver: edu}     # alone on its bus: resetting the bus resets it
      - slot: "02"
        bridge: {}
        bus:
          - {slot: "00", model: nvme, driver: nvme}
      - slot: "03"
        model: multi                    # functions 0, 1 and 3
        driver: gpio
        functions: {1: {driver: timer}}
      - {slot: "04", model: testdev}
      - {slot: "05", model: clearing}
platform:
  - {model: uart16550, ports: 0x3f8, line: 4, options: {peer: echo}}     # a serial port, with a plug that sends back
`;
