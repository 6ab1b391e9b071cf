# The boot after openslot hide: this machine's kernel got the words that the phase hide found in the file on the other one.
cp -r /lab/state /var/lib/openslot
fact cmdline "$(cat /proc/cmdline)"
fact driver "$(driver_of 0000:00:08.0)"
fact disk "$(disk_of 0000:00:08.0)"
fact listed $(xl pci-assignable-list)
openslot doctor 00:08.0 --for xen >"$lab/doctor.txt" 2>&1
fact doctor.code $?
# The phases behind this one know nothing of it, as busybox's modprobe knows nothing of the words.
rmmod xen-pciback
rm -r /var/lib/openslot
echo 0000:00:08.0 >/sys/bus/pci/drivers_probe
await 10 disk_ready 0000:00:08.0
fact driver.after "$(driver_of 0000:00:08.0)"
