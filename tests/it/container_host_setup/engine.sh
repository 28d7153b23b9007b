#!/bin/sh
# Stands in for docker, dockerd and podman on the server of a story: notes what it is asked, and answers as the files in
# /run/engine say. `version`: its version; `range`: the range of the network, if there is one; `ours`: it has our label;
# `containers`: the ids of those in it; `rules`: what is in the kernel once a network is made, for iptables.
cd /run/engine || exit 1
case "$*" in
  --version) echo "Docker version $(cat version), build 0"; exit ;;
esac
printf '%s %s\n' "${0##*/}" "$*" >>asked
case "$*" in
  'version -f {{.Server.Version}}') cat version ;;
  version) ;;
  'network inspect -f {{index .Labels "huaweivpc"}} my-net') [ -e range ] && cat ours ;;
  'network inspect -f '*' my-net') cat range 2>/dev/null ;;
  'network inspect my-net') [ -e range ] ;;
  'network create '*)
    echo '10.0.2.0/24 ' >range
    case "$*" in *' --label huaweivpc=host '*) echo host >ours ;; *) echo '<no value>' >ours ;; esac
    [ ! -e rules ] || iptables-restore <rules
    ;;
  'network rm my-net') rm -f range ours ;;
  'ps -aq --filter network=my-net') cat containers 2>/dev/null || : ;;
  'inspect -f '*) echo '--ip 10.0.2.2 --alias web --alias 0123abcd' ;;
  'network disconnect -f my-net '* | 'network connect '*) ;;
  *) exit 1 ;;
esac
