# The suites of test/xen-lab, or the one that LAB_SUITE names: one after the other, they share the machine's functions.
modprobe xen-pciback
# They have front ends served by the kernel's back end.
end_serve
run_suites() { # FILE...
  node --test --test-concurrency=1 --test-reporter=tap "$@" >/tmp/suites.tap 2>&1
  fact code $?
  cp /tmp/suites.tap "$lab/suites.tap"
}
if [ "$LAB_SUITE" = all ]; then
  run_suites /openslot/dist/test/xen-lab/*.lab.js
else
  run_suites "/openslot/dist/test/xen-lab/$LAB_SUITE.lab.js"
fi
