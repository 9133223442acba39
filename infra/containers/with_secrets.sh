#!/bin/sh
# Run a command with secrets from files in its environment, for programs that read no files:
#   with_secrets NAME=FILE … -- COMMAND …
# A file that others may read is refused: what it holds is no secret.
set -eu
fail() { echo "with_secrets: $*" >&2; exit 1; }

while [ $# -gt 0 ] && [ "$1" != -- ]; do
  name=${1%%=*}
  file=${1#*=}
  [ -r "$file" ] || fail "\`$file\` for $name cannot be read by user $(id -u); is it that user's?"
  mode=$(stat -L -c %a "$file")
  case $mode in
    *00) ;;
    *) fail "\`$file\` for $name may be read by others (mode $mode); run \`chmod 600\` on it" ;;
  esac
  value=$(cat "$file")
  export "$name=$value"
  shift
done
[ $# -gt 1 ] || fail "no command; give one after --"
shift
exec "$@"
