/** The machine that `sim` is when nobody describes another one. */

export const DEFAULT_MACHINE = `
drivers: [edu]
roots:
  - bus: 0
    slots:
      - slot: "01"
        bridge: {}
        bus:
          - {slot: "00", model: edu, driver: edu}
`;
