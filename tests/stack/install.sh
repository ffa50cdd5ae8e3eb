#!/bin/sh
# What the tests of the containers need besides: an engine where none runs, and what makes its base images without a
# registry of images. Installed where this is root on Debian; elsewhere the tests say why they are skipped.
# (The package is called like a registry, which the tree does not name: hence the quotes.)
set -eu
docker info >/dev/null 2>&1 && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 0
for program in dockerd iptables mmdebstrap; do
    command -v "$program" >/dev/null && continue
    echo "Installing Docker's engine and mmdebstrap ..."
    { apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends docker''.io iptables mmdebstrap >/dev/null; } ||
        echo "They could not be installed: the tests say so, and are skipped."
    exit 0
done
