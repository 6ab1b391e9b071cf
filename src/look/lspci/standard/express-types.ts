/** Device and port types of the PCI Express capability, as its flags register numbers them. */
export const PortType = {
  endpoint: 0,
  legacyEndpoint: 1,
  rootPort: 4,
  upstream: 5,
  downstream: 6,
  /** A bridge from PCI Express down to PCI. */
  toPci: 7,
  /** A bridge from PCI down to PCI Express. */
  fromPci: 8,
  integratedEndpoint: 9,
  eventCollector: 10,
} as const;
