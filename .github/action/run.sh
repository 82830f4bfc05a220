# Runs the program and publishes its results as outputs, annotations and job summary. Sourced by action.yml.
# shellcheck shell=bash
set -euo pipefail

# An App replaces the token. As a variable of Tagboat the token precedes those that the runner sets.
if [ -z "$TAGBOAT_APP_ID" ]; then export TAGBOAT_FORGE_TOKEN="$TOKEN"; fi

lower() { printf '%s' "$1" | tr '[:upper:]' '[:lower:]'; }
# Prints true or false for the value of an input that is a switch.
switch() {
  case $(lower "$2") in
    true) echo true ;;
    false | "") echo false ;;
    *) echo "::error::invalid input $1: use true or false" >&2 && exit 64 ;;
  esac
}
DRY_RUN=$(switch dry-run "$DRY_RUN")
CACHE=$(switch cache "$CACHE")
SUMMARY=$(switch summary "$SUMMARY")
PAGE=$(switch page "$PAGE")
FAIL_ON=$(lower "${FAIL_ON//[[:space:]]/}")
if printf '%s' "$FAIL_ON" | tr ',' '\n' | grep -qvxE 'failed|held|changes|'; then
  echo "::error::invalid input fail-on: use failed, held and changes, separated by commas, or nothing"
  exit 64
fi

results=$(mktemp -d "$FOLDER/results.XXXXXX")
arguments=()
case $COMMAND in
  run | plan | edit)
    for kind in json md outputs annotations; do arguments+=("--report=$results/report.$kind"); done
    if [ "$PAGE" = true ]; then arguments+=("--report=$results/report.html"); fi
    ;;
  list | check) ;;
  *) echo "::error::invalid input command: use run, plan, edit, list or check" && exit 64 ;;
esac

# A pull request of someone who may only read must not write, whatever token its job has. Its head is in a fork, in a fork that
# was deleted, or, for a pull request by AGit (Gitea and Forgejo: a push to refs/for/), in no branch of this repository.
foreign=
case $HEAD_REF in
  refs/heads/*) ;;
  refs/* | "#"*) foreign="a pull request without a branch" ;;
  # Where a workflow follows another one, Gitea names no branch for any run of a pull request.
  "") if [ -n "$HEAD" ]; then foreign="a pull request without a branch"; fi ;;
esac
case $HEAD_FLOW in "" | 0) ;; *) foreign="a pull request without a branch" ;; esac
# Forges compare names without case.
if [ -n "$HEAD$HEAD_REPOSITORY" ] && [ "$(lower "$HEAD_REPOSITORY")" != "$(lower "$REPOSITORY")" ]; then
  foreign="${HEAD_REPOSITORY:-a deleted repository}, a fork"
fi
if [ "$COMMAND" = run ] && [ -n "$foreign" ]; then
  echo "::notice::this job runs for $foreign: nothing is written (dry run)"
  DRY_RUN=true
fi
if [ "$COMMAND" = run ] && [ "$DRY_RUN" = true ]; then arguments+=(--dry-run); fi
if [ -n "$CONFIG" ]; then arguments+=("--config=$CONFIG"); fi
if [ "$CACHE" = true ]; then arguments+=("--cache-dir=$FOLDER/responses"); fi

# Adds an argument for each value; values are separated by lines or commas.
each() {
  local value
  while IFS= read -r value; do
    value="${value#"${value%%[![:space:]]*}"}"
    value="${value%"${value##*[![:space:]]}"}"
    if [ -n "$value" ]; then arguments+=("$1=$value"); fi
  done < <(printf '%s\n' "$2" | tr -d '\r' | tr ',' '\n')
}
case $COMMAND in
  run | plan | edit)
    each --image "$IMAGE"
    each --path "$PATHS"
    ;;
esac
case $COMMAND in
  run | plan | check) each --base "$BASE" ;;
esac
case $COMMAND in
  run | plan)
    each --label "$LABELS"
    each --reviewer "$REVIEWERS"
    each --auto-merge "$AUTO_MERGE"
    ;;
esac

# The output contains text from manifests and registries: no line of it may act as a workflow command.
pause=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$pause"
status=0
"$PROGRAM" "$COMMAND" ${arguments[@]+"${arguments[@]}"} || status=$?
echo "::$pause::"

if [ -f "$results/report.outputs" ]; then
  cat "$results/report.annotations"
  {
    cat "$results/report.outputs"
    echo "report=$results/report.json"
    if [ "$PAGE" = true ]; then echo "page=$results/report.html"; fi
  } >> "$GITHUB_OUTPUT"
  if [ "$SUMMARY" = true ]; then cat "$results/report.md" >> "$GITHUB_STEP_SUMMARY"; fi
fi

fails() {
  case ",$FAIL_ON," in *",$1,"*) return 0 ;; *) return 1 ;; esac
}
is() { grep -qx "$1" "$results/report.outputs" 2> /dev/null; }
case $status in
  0) ;;
  3) if fails failed; then exit 3; fi ;;
  *)
    echo "::error::tagboat $COMMAND failed with exit code $status; the log of this step has the cause"
    exit "$status"
    ;;
esac
if fails held && ! is held=0; then echo "::error::references are held" && exit 1; fi
if fails changes && is changed=true; then echo "::error::references changed, or would change" && exit 2; fi
