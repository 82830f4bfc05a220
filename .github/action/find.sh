# Decides where the program comes from: a file on the runner, a release with a known checksum, or the sources of the action.
# Sourced by the first step of action.yml; its only input is the environment.
# shellcheck shell=bash
set -euo pipefail

own=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$ACTION/Cargo.toml" | head -n 1)
version=${VERSION:-$own}
version=${version#v}
suffix=
case $OS-$ARCH in
  Linux-X64) target=x86_64-unknown-linux-musl ;;
  Linux-ARM64) target=aarch64-unknown-linux-musl ;;
  macOS-X64) target=x86_64-apple-darwin ;;
  macOS-ARM64) target=aarch64-apple-darwin ;;
  Windows-X64) target=x86_64-pc-windows-msvc suffix=.exe ;;
  *) target=none ;;
esac
asset=tagboat-$version-$target$suffix
sum=$(awk -v asset="$asset" '$2 == asset { print $1 }' "$ACTION/.github/action/SHA256SUMS")

if [ -n "$BINARY" ]; then
  how=given
elif [ -n "$sum" ]; then
  how=released
elif [ "$version" = "$own" ]; then
  how=built
else
  echo "::error::release $version for $OS $ARCH is unknown to this version of the action ($own): its SHA-256 checksum is not in .github/action/SHA256SUMS"
  exit 64
fi

folder=$TEMPORARY/tagboat
mkdir -p "$folder/bin"
program=$folder/bin/tagboat$suffix
if [ "$how" = given ]; then
  [ -f "$BINARY" ] || { echo "::error::the input binary is not a file: $BINARY" && exit 64; }
  cp "$BINARY" "$program"
  chmod +x "$program"
fi
state=
if [ "$how" = built ]; then
  state=$(cd "$ACTION" && find Cargo.toml Cargo.lock src fixtures/demo -type f | LC_ALL=C sort | xargs cat | git hash-object --stdin)
fi
{
  echo "how=$how"
  echo "version=$version"
  echo "asset=$asset"
  echo "sum=$sum"
  echo "folder=$folder"
  echo "program=$program"
  echo "state=$state"
} >> "$GITHUB_OUTPUT"
