# openslot hide writes the function into dom0's /etc/default/grub; what grub-mkconfig makes of it, the next boot gets.
# As Debian installs it, with a word of the administrator's own.
mkdir -p /etc/default
cat >/etc/default/grub <<'GRUB'
# If you change this file, run 'update-grub' afterwards to update
# /boot/grub/grub.cfg.
# For full documentation of the options in this file, see:
#   info -f grub -n 'Simple configuration'

GRUB_DEFAULT=0
GRUB_TIMEOUT=5
GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_LINUX="net.ifnames=0"
GRUB
cp /etc/default/grub /tmp/grub.before

kernel_words() { # dom0's command line, by the shell that grub-mkconfig is, and the rules of Debian's 20_linux_xen
  (
    . /etc/default/grub
    [ "$GRUB_CMDLINE_LINUX_XEN_REPLACE" ] && GRUB_CMDLINE_LINUX=$GRUB_CMDLINE_LINUX_XEN_REPLACE
    [ "$GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT" ] && GRUB_CMDLINE_LINUX_DEFAULT=$GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT
    echo "$GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT"
  )
}

fact words.before "$(kernel_words)"
run tried openslot hide 00:08.0 --for xen --dry-run
fact tried.file "$(cmp -s /etc/default/grub /tmp/grub.before && echo unchanged)"
run hide openslot hide 00:08.0 --for xen
fact words "$(kernel_words)"
cp /etc/default/grub "$lab/grub"
# A host's state outlives its boots; this one's root does not.
cp -r /var/lib/openslot "$lab/state"
# The phases behind this one know nothing of it.
rm -r /var/lib/openslot
rm /etc/default/grub*
