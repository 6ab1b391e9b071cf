# The boot after openslot hide: this machine's kernel got the words that the phase hide found in the file.
fact cmdline "$(cat /proc/cmdline)"
fact driver "$(driver_of 0000:00:08.0)"
fact disk "$(disk_of 0000:00:08.0)"
fact listed "$(xl pci-assignable-list)"
export OPENSLOT_STATE_DIR=/lab/state
node /openslot/dist/src/command/main.js doctor 00:08.0 --for xen >"$lab/doctor.txt" 2>&1
fact doctor.code $?
unset OPENSLOT_STATE_DIR
rmmod xen-pciback
