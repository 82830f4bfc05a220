#!/bin/sh
# Times `tagboat plan` and `tagboat run` over N images of a registry: whole process, wall, peak memory, requests.
#
#   benches/plan.sh HOST PREFIX N [BINARY]
#
# HOST is a registry on plain HTTP (127.0.0.1:5000) that holds PREFIX/app0000, PREFIX/app0001, … with tags v1.0.0 and up.
# Needs git, python3 and GNU time (Debian's package `time`).
set -eu
host=$1 prefix=$2 count=$3 binary=$(realpath "${4:-target/release/tagboat}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
git init -q --bare -b main remote.git
git init -q -b main repository
cd repository
i=0
while [ "$i" -lt "$count" ]; do
  name=$(printf 'app%04d' "$i")
  mkdir -p "apps/$name"
  cat > "apps/$name/deployment.yaml" <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: { name: $name }
spec:
  template:
    spec:
      containers:
        - name: app
          image: $host/$prefix/$name:v1.0.0
YAML
  i=$((i + 1))
done
cat > tagboat.yaml <<YAML
pull-requests: { group: all }
registries: { "$host": { plain-http: true } }
forge: { kind: local, folder: $work/pull-requests, repository: bench/manifests }
YAML
git add -A
git -c user.name=bench -c user.email=bench@example.com commit -qm manifests
git remote add origin "$work/remote.git"
git push -q origin main

measure() {
  title=$1
  shift
  /usr/bin/time -f '%e %M' -o ../time.txt "$binary" "$@" --format json > ../report.json
  python3 - "$title" <<'PYTHON'
import json, sys
report, (wall, peak) = json.load(open("../report.json")), open("../time.txt").read().split()[-2:]
sent = report["requests"]
print(f"{sys.argv[1]}: {wall} s, {int(peak) / 1024:.1f} MB, {sent['registry']} registry, {sent['token']} token and "
      f"{sent['forge']} forge requests, {len(report['changes'])} changes, {len(report['failed'])} failed")
PYTHON
}
measure "plan" plan
measure "run, first" run
measure "run, nothing to do" run
