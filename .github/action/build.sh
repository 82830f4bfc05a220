# Builds the program from the sources of the action, for a version without a release. Sourced by action.yml.
# shellcheck shell=bash
set -euo pipefail

if command -v rustup > /dev/null; then
  RUSTUP_TOOLCHAIN=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$ACTION/Cargo.toml")
  export RUSTUP_TOOLCHAIN
  rustup toolchain install "$RUSTUP_TOOLCHAIN" --profile minimal --no-self-update
fi
cargo install --locked --path "$ACTION" --root "$FOLDER" --target-dir "$FOLDER/target"
rm -rf "$FOLDER/target"
