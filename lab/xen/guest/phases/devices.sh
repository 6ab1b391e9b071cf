# xl and nothing else: a guest with a function for each kind of interrupt, each driven by its stock driver; its reboot.
all='00:08.0 00:07.0 00:0a.0 00:0d.0'
drivers='nvme e1000e ahci e1000'
rebooted() { now=$(xl domid devices 2>/dev/null) && [ -n "$now" ] && [ "$now" != "$1" ]; }
prove_all() { # FACT: what its guest on descriptor 3 has
  for driver in $drivers; do prove "$1.$driver" 3 "$driver"; done
}

modprobe xen-pciback
serve
store before
for one in $all; do run "add.$one" xl pci-assignable-add "$one"; done
fact listed $(xl pci-assignable-list | sort)
guest_config devices "$all" drivers=nvme:e1000e:ahci:e1000 >/tmp/devices.cfg
follow "$(guest_log devices)" devices-console.log
run create xl create -q /tmp/devices.cfg
born devices
fact back-end.driver "$(back_end_of devices)"
connect devices 3
xl pci-list devices | facts pci-list
fact listed.given $(xl pci-assignable-list | sort)
prove_all first

before=$(xl domid devices)
run reboot xl reboot devices
await 60 rebooted "$before"
born devices reborn
connect devices 3
xl pci-list devices | facts pci-list.after
prove_all second

run destroy xl destroy devices
exec 3>&-
none_served
unfollow
store after
fact listed.after $(xl pci-assignable-list | sort)
for one in $all; do run "remove.$one" xl pci-assignable-remove -r "$one"; done
fact listed.end $(xl pci-assignable-list | sort)
await 10 disk_ready 0000:00:08.0
fact driver.after "$(driver_of 0000:00:08.0)"
