# Downloads the program from its release and verifies it against the checksum committed in the action. If `gh` is installed,
# also verifies that the release workflow of this repository built it. Sourced by action.yml.
# shellcheck shell=bash
set -euo pipefail

from=${MIRROR:-$SERVER/$REPOSITORY/releases/download}
file=$FOLDER/$ASSET
# A mirror in a private network may use plain HTTP: the checksum verifies the file.
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
  echo "::error::$ASSET from $from does not match the released file: its SHA-256 checksum is $is, expected $SUM"
  exit 1
fi
# Attestations are on GitHub, which a runner that uses a mirror cannot reach. gh sends its token to the server of the job only: without
# GH_HOST, to github.com.
if [ -z "$MIRROR${FORGEJO_ACTIONS:-}${GITEA_ACTIONS:-}" ] && command -v gh > /dev/null && gh attestation --help > /dev/null 2>&1; then
  host=${SERVER#*://}
  export GH_HOST="${host%%/*}" GH_ENTERPRISE_TOKEN="$GH_TOKEN"
  gh attestation verify "$file" --repo "$REPOSITORY"
fi
mv "$file" "$PROGRAM"
chmod +x "$PROGRAM"
