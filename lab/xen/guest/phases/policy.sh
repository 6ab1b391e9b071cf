# Policies are learned for e1000e and e1000 from one guest, and the next guest has the functions under them: its drivers
# work, a write that the default lets pass is refused and shown, and one that the default refuses is let through.
e1000e=0000:00:07.0
e1000=0000:00:0d.0
tracing() { grep -q '^tracing' "/tmp/$1.err"; }

trace() { # NAME: from now on; the guest is paused, so that its drivers have not begun
  # Not by the function: the shell would fork for it, and a signal would end that fork and not Node.
  node /openslot/dist/src/command/main.js trace policy --save "$lab/$1.trace" >"/tmp/$1.out" 2>"/tmp/$1.err" &
  trace_id=$!
  await 30 tracing "$1"
}
end_trace() { # NAME
  kill -TERM "$trace_id"
  wait "$trace_id"
  fact "$1.code" $?
  facts "$1.said" <"/tmp/$1.out"
  cp "/tmp/$1.err" "$lab/$1.err"
}
byte() { # FACT DEVICE OFFSET OCTAL: what the guest reads there after it wrote it
  ask 3 write "$2" "$3" "$4" && fact "$1" "$heard"
}

modprobe xen-pciback
serve
store before
claim claim.e1000e $e1000e
claim claim.e1000 $e1000
guest_config policy "00:07.0 00:0d.0" drivers=e1000e:e1000 >/tmp/policy.cfg

run create xl create -p -q /tmp/policy.cfg
born policy
follow "$(guest_log policy)" policy-console.log
trace first
run unpause xl unpause policy
connect policy 3
prove first.e1000e 3 e1000e
prove first.e1000 3 e1000
end_trace first
# The cache line size, as the default lets it pass.
byte first.cache-line 0000:00:00.0 12 020
ask 3 read 0000:00:01.0 13 && fact first.latency "$heard"
run destroy xl destroy policy
exec 3>&-
none_served

run learn.e1000e openslot policy learn "$lab/first.trace" --device 8086:10d3 -o "$lab/e1000e.yaml"
run learn.e1000 openslot policy learn "$lab/first.trace" --device 8086:100e -o "$lab/e1000.yaml"
run set.e1000e openslot policy set $e1000e "$lab/e1000e.yaml"
run set.e1000 openslot policy set $e1000 "$lab/e1000.yaml"

run create.second xl create -p -q /tmp/policy.cfg
born policy second
trace second
run unpause.second xl unpause policy
connect policy 3
prove second.e1000e 3 e1000e
prove second.e1000 3 e1000
byte second.cache-line 0000:00:00.0 12 020
ask 3 read 0000:00:01.0 13 && fact second.latency "$heard"
end_trace second
run destroy.second xl destroy policy
exec 3>&-
none_served
unfollow
# The phases behind this one know nothing of it.
rm -r /var/lib/openslot/policies
store after
release release.e1000e $e1000e
release release.e1000 $e1000
