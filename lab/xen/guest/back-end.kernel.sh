# The reference: the kernel's xen-pciback is the back end, and xl keeps the pool. Sourced.

claim() { run claim xl pci-assignable-add "$1"; }

serve() { fact serve.ready "xen-pciback binds by itself"; }

pool_state() { # ADDRESS FACT
  xl pci-assignable-list | grep -q "$1" && fact "$2" free || fact "$2" "not assignable"
}

release() { run release xl pci-assignable-remove -r "$1"; }

end_serve() { :; }

attach() { run "$1" xl pci-attach "$2" "$3"; }

detach() { run "$1" xl pci-detach "$2" "$3"; }

refusals() { :; }

attach_refusals() { :; }
