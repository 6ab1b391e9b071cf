# openslot hide writes the function into Debian's /etc/default/grub; what grub-mkconfig makes of it, the next boot gets.
# A file as Debian installs it, with a word of the administrator's own.
cat >"$lab/grub" <<'GRUB'
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

words_of() { # FILE: dom0's command line, by the shell that grub-mkconfig is, and the rules of 20_linux_xen
  (
    . "$1"
    [ "$GRUB_CMDLINE_LINUX_XEN_REPLACE" ] && GRUB_CMDLINE_LINUX=$GRUB_CMDLINE_LINUX_XEN_REPLACE
    [ "$GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT" ] && GRUB_CMDLINE_LINUX_DEFAULT=$GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT
    echo "$GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT"
  )
}

# What it records of what it hid outlives the boot.
export OPENSLOT_STATE_DIR="$lab/state"
fact words.before "$(words_of "$lab/grub")"
cp "$lab/grub" "$lab/grub.before"
run tried openslot hide 00:08.0 --for xen --file "$lab/grub" --dry-run
cmp -s "$lab/grub" "$lab/grub.before" && fact tried.file unchanged
run hide openslot hide 00:08.0 --for xen --file "$lab/grub"
fact words "$(words_of "$lab/grub")"
unset OPENSLOT_STATE_DIR
