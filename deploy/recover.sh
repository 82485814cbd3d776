#!/bin/sh
# Prepares a data directory from which PostgreSQL recovers to a moment (docs/RECOVERY.md):
#   recover.sh BASE WAL DATA ['2025-11-26 14:30:00+00']
# BASE: a base backup (flextraff backup --base); WAL: the folder of the archived log; DATA: a folder that is not there yet. Without
# a moment it recovers as far as the log goes. Run it as the server's user; then start the server on DATA.
set -eu
if [ $# -lt 3 ]; then
  echo "usage: recover.sh BASE WAL DATA [MOMENT]" >&2
  exit 2
fi
base=$1 wal=$2 data=$3 moment=${4:-}
[ -f "$base/backup_label" ] || { echo "recover: $base is no base backup" >&2; exit 2; }
[ -d "$wal" ] || { echo "recover: $wal is no folder" >&2; exit 2; }
[ ! -e "$data" ] || { echo "recover: $data is there already; name a folder that is not" >&2; exit 2; }
cp -R "$base" "$data"
chmod 700 "$data"
{
  echo "restore_command = 'cp \"$wal/%f\" \"%p\"'"
  echo "recovery_target_action = 'promote'"
  if [ -n "$moment" ]; then echo "recovery_target_time = '$moment'"; fi
} >> "$data/postgresql.auto.conf"
touch "$data/recovery.signal"
echo "Start the server on $data; it recovers ${moment:-as far as the log goes} and is open for writing then."
