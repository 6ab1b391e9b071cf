# The reference: the kernel's xen-pciback is the back end, and xl keeps the pool. Sourced.

claim() { run "$1" xl pci-assignable-add "$2"; } # STEP ADDRESS
claim_alone() { claim claim "$1"; }

serve() { fact serve.ready "xen-pciback binds by itself"; }
end_serve() { :; }

pool_state() { # ADDRESS FACT
  xl pci-assignable-list | grep -q "$1" && fact "$2" free || fact "$2" "not assignable"
}

release() { run "$1" xl pci-assignable-remove -r "$2"; } # STEP ADDRESS
release_alone() { release release "$1"; }

attach() { run "$1" xl pci-attach "$2" "$3"; } # STEP GUEST SPEC
attach_alone() { attach "$@"; }
detach() { run "$1" xl pci-detach "$2" "$3"; } # STEP GUEST SPEC
detach_alone() { detach "$@"; }

refusals() { :; }
attach_refusals() { :; }
