#!/bin/sh
# PostgreSQL's archive_command: puts a finished file of the log into the folder of the archive, whole and synced, and never
# over another one. In postgresql.conf:
#   archive_mode = on
#   archive_command = 'sh /path/to/archive-wal.sh "%p" "%f" /path/to/wal'
#   archive_timeout = 300
set -eu
from=$1 name=$2 archive=$3
if [ -e "$archive/$name" ]; then
  # after a crash the server may ask for the same file again
  cmp -s "$from" "$archive/$name" && exit 0
  echo "archive-wal: $archive/$name is there already and differs" >&2
  exit 1
fi
cp "$from" "$archive/$name.part"
sync "$archive/$name.part"
mv "$archive/$name.part" "$archive/$name"
sync "$archive"
