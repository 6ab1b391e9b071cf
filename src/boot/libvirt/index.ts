/** Definitions of libvirt's guests: their hostdev elements read, linted and edited. Knows the vocabulary of PCI; no I/O. */
export { addHostdev, removeHostdevs } from './libvirt-edit.js';
export { readLibvirtGuest, type LibvirtFunction, type LibvirtGuest } from './libvirt-hostdev.js';
export { libvirtGuestFile } from './libvirt-lint.js';
export { LIBVIRT_RULES } from './libvirt-rules.js';
export { parseXml, XmlMalformedError, type XmlAttribute, type XmlElement } from './xml-document.js';
