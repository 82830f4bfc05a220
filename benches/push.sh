#!/bin/sh
# Times the stage after `docker push`: from the moment the push is done to an open pull request, with `--image`.
#
#   benches/push.sh HOST PATH [BINARY]
#
# HOST is a registry on plain HTTP (127.0.0.1:5000). An image is built and pushed there as PATH:1.0 and PATH:1.1; the manifests
# are in a bare repository on this disk, pull requests are files. What a forge and a git server add is their own round trips.
# Needs git, umoci, skopeo and GNU time (Debian's package `time`).
set -eu
host=$1 path=$2 binary=$(realpath "${3:-target/release/tagboat}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
umoci init --layout image
umoci new --image image:built
push() {
  skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:$work/image:built" "docker://$host/$path:$1"
}
push 1.0
git init -q --bare -b main remote.git
git init -q -b main repository
cd repository
i=0
while [ "$i" -lt 100 ]; do
  mkdir -p "apps/app$i"
  printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: app%s }\nspec:\n  template:\n    spec:\n      containers:\n        - name: app\n          image: %s/other/app%s:1.0\n' "$i" "$host" "$i" > "apps/app$i/deployment.yaml"
  i=$((i + 1))
done
mkdir -p apps/api
printf 'kind: Pod\nspec:\n  containers:\n  - image: %s/%s:1.0\n' "$host" "$path" > apps/api/pod.yaml
printf 'registries: { "%s": { plain-http: true } }\nforge: { kind: local, folder: %s/pull-requests }\n' "$host" "$work" > tagboat.yaml
git add -A
git -c user.name=bench -c user.email=bench@example.com commit -qm manifests
git remote add origin "$work/remote.git"
git push -q origin main
push 1.1
/usr/bin/time -f '%e s, %M KB' "$binary" run --image "$host/$path:1.1"
[ -f "$work/pull-requests/0001.md" ] || { echo "no pull request was opened" >&2 && exit 1; }
