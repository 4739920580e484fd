#!/bin/sh
# Usage: rigs.sh
#
# Installs the Debian packages with which the tests break things on purpose: strace (kill or fail at a
# system call), faketime (clocks), xfsprogs and e2fsprogs (power cuts), systemd-container (a systemd of its
# own). Only what is missing, only for root, only where apt is; in any other place it does nothing, and
# the tests that want a tool say "skipped: why".
set -eu

missing=
want() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }

PATH=$PATH:/usr/sbin:/sbin
want strace strace
want faketime faketime
want mkfs.ext4 e2fsprogs
want mkfs.xfs xfsprogs
want systemd-nspawn systemd-container

[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    exit 0
fi

# Without a network the tests are skipped, which they say; that is no reason not to run the others.
# shellcheck disable=SC2086 - a list of words
install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; }
if { install || { apt-get update -qq && install; }; } >/dev/null 2>&1; then
    echo "installed for the tests:$missing"
else
    echo "cannot be installed, tests that need them are skipped:$missing" >&2
fi
