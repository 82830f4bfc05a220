# Downloads the program from its release and takes it only if it is the one whose sum is committed beside the action; where
# `gh` is there, also only if it was built by the release workflow of this repository. Sourced by action.yml.
# shellcheck shell=bash
set -euo pipefail

from=${MIRROR:-$SERVER/$REPOSITORY/releases/download}
file=$FOLDER/$ASSET
# A mirror inside of a network may be on plain HTTP: the sum tells whether it is the right file.
curl --proto '=https,http' --fail --silent --show-error --location --retry 3 --output "$file" "${from%/}/v$VERSION/$ASSET"

if command -v sha256sum > /dev/null; then
  is=$(sha256sum "$file")
else
  is=$(shasum -a 256 "$file")
fi
is=${is#\\}
is=${is%% *}
if [ "$is" != "$SUM" ]; then
  rm -f "$file"
  echo "::error::$ASSET from $from is not the file that was released: its SHA-256 sum is $is, and not $SUM"
  exit 1
fi
# A mirror is for runners that can't reach GitHub, which is where attestations are.
if [ -z "$MIRROR" ] && command -v gh > /dev/null && gh attestation --help > /dev/null 2>&1; then
  gh attestation verify "$file" --repo "$REPOSITORY"
fi
mv "$file" "$PROGRAM"
chmod +x "$PROGRAM"
