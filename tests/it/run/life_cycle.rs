//! The pull request life cycle: a table of scenarios that run on the double of every forge and on the `local` forge.
//!
//! After every run, the same run is repeated and must change nothing: no write request, no moved branch, and no more requests
//! than for the open pull requests and the history of groups without one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::support::azure_devops::AZURE_DEVOPS;
use crate::support::bitbucket_cloud::BITBUCKET_CLOUD;
use crate::support::bitbucket_data_center::BITBUCKET_DATA_CENTER;
use crate::support::double::{Answer, Double, Fault, Vendor};
use crate::support::gitea::GITEA;
use crate::support::github::GITHUB;
use crate::support::gitlab::GITLAB;
use crate::support::repository::git;
use crate::support::test_forge::{ALL, Forges, name};
use crate::support::world::{World, lines};
use tagboat::refname::BranchName;
use tagboat::report::{ChangeRow, ImageStatus, ProposalAction, ProposalRow, RunReport};

use Step::*;

/// An event of a scenario, or an expectation.
enum Step {
    /// CI pushes an image: `api:1.1`.
    Build(&'static str),
    /// The tag list of an image is incomplete from now on.
    BreakTagList(&'static str),
    /// All tag lists are complete again.
    RestoreTagLists,
    /// `tagboat run`, and the lines of its report; `…` at the end of a line matches the rest.
    Run(&'static [&'static str]),
    /// A run that leaves work to the next one: the forge failed, or a limit per run was reached.
    RunOnce(&'static [&'static str]),
    /// The next requests with this method are answered with this status and not carried out: how many.
    FailRequests(&'static str, u16, usize),
    /// The next requests with this method are carried out, before a later fault applies: how many.
    AnswerRequests(&'static str, usize),
    /// The next request with this method is carried out, but its response is lost: this status instead.
    LoseResponse(&'static str, u16),
    /// `tagboat run --image REF`.
    RunFor(&'static str, &'static [&'static str]),
    /// A person merges a pull request.
    Merge(u64),
    /// A person closes one.
    Close(u64),
    /// A person changes the title, and adds to the body and to the labels.
    Reword(u64, &'static str),
    /// A person adds a label.
    AddLabel(u64, &'static str),
    /// A person removes a label.
    RemoveLabel(u64, &'static str),
    /// A person checks the box with this text.
    Check(u64, &'static str),
    /// A person clears the box with this text.
    Uncheck(u64, &'static str),
    /// A race of older runs has left a second pull request for the branch of the first.
    Duplicate(u64, u64),
    /// A person opens a pull request of the branch of the first for this base.
    OpenByPerson(u64, u64, &'static str),
    /// A person, or the forge, changes the base of a pull request.
    Retarget(u64, &'static str),
    /// The default branch gets another name.
    RenameDefault(&'static str),
    /// The repository gets another name on the forge.
    RenameRepository(&'static str),
    /// `git.base` of the next runs.
    Base(&'static str),
    /// A person commits to a branch: these references in this file.
    Commit(&'static str, &'static str, &'static str),
    /// A person moves a branch with git: the branch, and the arguments of a command that prints the new commit.
    SetBranch(&'static str, &'static [&'static str]),
    /// A person deletes a branch.
    Delete(&'static str),
    /// The server protects a branch from now on.
    Protect(&'static str),
    /// A file on a branch holds these references; every other byte is unchanged.
    FileHolds(&'static str, &'static str, &'static str),
    /// `git cat-file -p OBJECT` prints this text.
    Prints(&'static str, &'static str),
    /// A person disables auto-merge.
    DisableAutoMerge(u64),
    /// A person enables auto-merge with a method.
    EnableAutoMerge(u64, &'static str),
    /// From now on, a push disables auto-merge.
    DisableAutoMergeAtPush,
    /// The last run did not move the branch.
    Kept(&'static str),
    /// The last run moved the branch; it is one commit on the latest base.
    Rebuilt(&'static str),
    /// These branches exist, beside `main`.
    Branches(&'static [&'static str]),
    /// A field of a pull request contains this text: `title`, `body`, `labels`, `comments`, `state`.
    Has(u64, &'static str, &'static str),
    /// A field of a pull request does not contain this text.
    Lacks(u64, &'static str, &'static str),
}

struct Scenario {
    name: &'static str,
    /// The forges that it runs on.
    forges: Forges,
    /// `tagboat.yaml`.
    config: &'static str,
    /// Images in the registry at the start.
    images: &'static str,
    /// Manifests and their references.
    files: &'static [(&'static str, &'static str)],
    steps: &'static [Step],
}

/// Forges that close a pull request when its branch is deleted, and forges that keep it open.
const CLOSES_WITH_BRANCH: Forges = &[Some(&GITHUB), Some(&GITLAB), Some(&GITEA), Some(&BITBUCKET_DATA_CENTER)];
const KEEPS_PULL_REQUEST: Forges = &[Some(&BITBUCKET_CLOUD), Some(&AZURE_DEVOPS), None];
/// Forges that redirect the former name of a repository.
const RENAMES: Forges = &[Some(&GITHUB), Some(&GITLAB), Some(&GITEA)];
/// Forges with labels, and forges without.
const WITH_LABELS: Forges = &[Some(&GITHUB), Some(&GITLAB), Some(&GITEA), Some(&AZURE_DEVOPS), None];
const WITHOUT_LABELS: Forges = &[Some(&BITBUCKET_CLOUD), Some(&BITBUCKET_DATA_CENTER)];
/// Forges with auto-merge, and forges without.
const WITH_AUTO_MERGE: Forges =
    &[Some(&GITHUB), Some(&GITLAB), Some(&GITEA), Some(&BITBUCKET_DATA_CENTER), Some(&AZURE_DEVOPS)];
const WITHOUT_AUTO_MERGE: Forges = &[Some(&BITBUCKET_CLOUD)];
/// Forges with an HTTP API.
const REMOTE: Forges = ALL.split_last().unwrap().1;
const API: &[(&str, &str)] = &[("api/app.yaml", "api:1.0")];
const BOTH: &[(&str, &str)] = &[("api/app.yaml", "api:1.0"), ("web/app.yaml", "web:2.0")];
const STAGES: &[(&str, &str)] = &[("staging/app.yaml", "api:1.1"), ("prod/app.yaml", "api:1.0")];
const PROMOTE: &str = "policies: { promote: { follow: staging } }\nrules: [{ paths: [prod/**], policy: promote }]";
const DIRECT: &str = "rules: [{ paths: ['api/**'], mode: commit }, {}]\ngit: { base: main }";
const ONE_GROUP: &str = "pull-requests: { group: all }";

/// What most scenarios share.
const DEFAULT: Scenario =
    Scenario { name: "", forges: ALL, config: "", images: "api:1.0 api:1.1", files: API, steps: &[] };

#[rustfmt::skip]
const SCENARIOS: &[Scenario] = &[
    Scenario { name: "from the first tag to the third", steps: &[
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        FileHolds("tagboat/api", "api/app.yaml", "api:1.1"),
        FileHolds("main", "api/app.yaml", "api:1.0"),
        Rebuilt("tagboat/api"),
        Has(1, "body", "1.1"),
        Run(&["unchanged tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        Build("api:1.2"),
        Run(&["update tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.2 in api"]),
        FileHolds("tagboat/api", "api/app.yaml", "api:1.2"),
        Rebuilt("tagboat/api"),
        Has(1, "title", "1.2"),
        Merge(1),
        Run(&[]),
        Build("api:1.10"),
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.2 to 1.10 in api"]),
        Rebuilt("tagboat/api"),
        Has(2, "state", "open"),
        Branches(&["tagboat/api"]),
    ], ..DEFAULT },
    Scenario { name: "a person updates the base: superseded, which declines nothing", steps: &[
        Run(&["open tagboat/api: …"]),
        Commit("main", "api/app.yaml", "api:1.1"),
        Run(&["close tagboat/api: superseded: the policy no longer selects this version, or the base branch already has it"]),
        Has(1, "state", "closed"),
        Has(1, "comments", "Superseded: the policy no longer selects this version, or the base branch already has it"),
        Branches(&[]),
        Commit("main", "api/app.yaml", "api:1.0"),
        Run(&["open tagboat/api: …"]),
        Has(2, "state", "open"),
    ], ..DEFAULT },
    Scenario { name: "closed by a person: this version is declined", steps: &[
        Run(&["open tagboat/api: …"]),
        Close(1),
        Run(&["leave tagboat/api: #1 proposed the same versions and was closed unmerged; a newer version is proposed again"]),
        Kept("tagboat/api"),
        Build("api:1.2"),
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.2 in api"]),
        Close(2),
        Run(&["leave tagboat/api: #2 proposed …"]),
    ], ..DEFAULT },
    Scenario { name: "closed by a person: only newer versions are proposed again", config: ONE_GROUP, steps: &[
        Run(&["open tagboat/all: Update api and web"]),
        Close(1),
        Build("api:1.2"),
        Run(&["open tagboat/all: Update ghcr.io/acme/api from 1.0 to 1.2", "leave tagboat/all: #1 proposed …"]),
        FileHolds("tagboat/all", "web/app.yaml", "web:2.0"),
        Run(&["unchanged tagboat/all: Update ghcr.io/acme/api from 1.0 to 1.2", "leave tagboat/all: #1 proposed …"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "merged, then reverted", steps: &[
        Run(&["open tagboat/api: …"]),
        Merge(1),
        Run(&[]),
        Commit("main", "api/app.yaml", "api:1.0"),
        Run(&["open tagboat/api: …"]),
        Has(1, "state", "merged"),
        Has(2, "state", "open"),
    ], ..DEFAULT },
    Scenario { name: "a person commits to the branch: it is left untouched", steps: &[
        Run(&["open tagboat/api: …"]),
        Commit("tagboat/api", "api/app.yaml", "api:1.1 sidecar:7"),
        Run(&["leave tagboat/api: commit by A Person on this branch"]),
        Build("api:1.2"),
        Run(&["leave tagboat/api: commit by A Person …"]),
        Commit("main", "api/app.yaml", "api:1.2"),
        Run(&["leave tagboat/api: commit by A Person on this branch"]),
        Kept("tagboat/api"),
        FileHolds("tagboat/api", "api/app.yaml", "api:1.1 sidecar:7"),
        Has(1, "state", "open"),
    ], images: "api:1.0 api:1.1 sidecar:7", ..DEFAULT },
    Scenario { name: "a person amends Tagboat's commit", steps: &[
        Run(&["open tagboat/api: …"]),
        SetBranch("tagboat/api", &["commit-tree", "tagboat/api^{tree}", "-p", "main", "-m", "Better words\n\nTagboat-Group: api"]),
        Build("api:1.2"),
        Run(&["leave tagboat/api: commit by A Person …"]),
        Kept("tagboat/api"),
    ], ..DEFAULT },
    Scenario { name: "a person merges the base into the branch", steps: &[
        Run(&["open tagboat/api: …"]),
        Commit("main", "other/app.yaml", "other:1"),
        SetBranch("tagboat/api", &["commit-tree", "tagboat/api^{tree}", "-p", "tagboat/api", "-p", "main", "-m", "Merge branch 'main'"]),
        Build("api:1.2"),
        Run(&["leave tagboat/api: commit by A Person …"]),
        Kept("tagboat/api"),
    ], images: "api:1.0 api:1.1 other:1", ..DEFAULT },
    Scenario { name: "the branch is deleted, which closes the pull request", forges: CLOSES_WITH_BRANCH, steps: &[
        Run(&["open tagboat/api: …"]),
        Delete("tagboat/api"),
        Run(&["leave tagboat/api: #1 proposed the same versions and was closed unmerged; …"]),
        Branches(&[]),
        Build("api:1.2"),
        Run(&["open tagboat/api: …"]),
    ], ..DEFAULT },
    Scenario { name: "the branch is deleted, and the pull request stays open", forges: KEEPS_PULL_REQUEST, steps: &[
        Run(&["open tagboat/api: …"]),
        Delete("tagboat/api"),
        Run(&["update tagboat/api: …"]),
        FileHolds("tagboat/api", "api/app.yaml", "api:1.1"),
        Delete("tagboat/api"),
        Commit("main", "api/app.yaml", "api:1.1"),
        Run(&["close tagboat/api: …"]),
        Branches(&[]),
    ], ..DEFAULT },
    Scenario { name: "a person opens a pull request of our branch for another base: it and the branch stay", steps: &[
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        SetBranch("stable", &["rev-parse", "main"]),
        OpenByPerson(1, 2, "stable"),
        Build("api:1.2"),
        Run(&[
            "update tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.2 in api",
            "leave tagboat/api: no Tagboat record in the description; a person may have opened it",
        ]),
        Has(2, "body", "words"),
        Commit("main", "api/app.yaml", "api:1.2"),
        Run(&[
            "close tagboat/api: superseded…",
            "leave tagboat/api: no Tagboat record in the description; a person may have opened it",
        ]),
        Has(2, "state", "open"),
        Lacks(2, "comments", "uperseded"),
        Branches(&["stable", "tagboat/api"]),
    ], ..DEFAULT },
    Scenario { name: "a person opens a pull request of our branch for our base", steps: &[
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        Close(1),
        OpenByPerson(1, 2, "main"),
        Build("api:1.2"),
        Run(&["leave tagboat/api: no Tagboat record in the description; a person may have opened it"]),
        Kept("tagboat/api"),
        Close(2),
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.2 in api"]),
    ], ..DEFAULT },
    Scenario { name: "a person changes the base of a pull request: it stays there", steps: &[
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        SetBranch("stable", &["rev-parse", "main"]),
        Retarget(1, "stable"),
        Build("api:1.2"),
        Run(&["leave tagboat/api: a person changed its base to stable"]),
        Kept("tagboat/api"),
        Commit("main", "api/app.yaml", "api:1.2"),
        Run(&["leave tagboat/api: a person changed its base to stable"]),
        Has(1, "base", "stable"),
        Retarget(1, "main"),
        Run(&["close tagboat/api: superseded…"]),
    ], ..DEFAULT },
    Scenario { name: "the default branch is renamed, and the forge changes no base", steps: &[
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        RenameDefault("trunk"),
        Run(&["update tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        Kept("tagboat/api"),
        Has(1, "base", "trunk"),
    ], ..DEFAULT },
    Scenario { name: "the default branch is renamed, and the forge changes the bases", steps: &[
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        RenameDefault("trunk"),
        Retarget(1, "trunk"),
        Run(&["update tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        Build("api:1.2"),
        Run(&["update tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.2 in api"]),
        Has(1, "base", "trunk"),
    ], ..DEFAULT },
    Scenario { name: "each base has its own proposals", steps: &[
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        SetBranch("release/1", &["rev-parse", "main"]),
        Base("release/1"),
        Run(&[
            "open tagboat/api@release/1: Update ghcr.io/acme/api from 1.0 to 1.1 in api",
            "leave tagboat/api: it proposes changes to main, and this run has another base",
        ]),
        Has(2, "base", "release/1"),
        Base("main"),
        Build("api:1.2"),
        Run(&[
            "update tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.2 in api",
            "leave tagboat/api@release/1: it proposes changes to release/1, and this run has another base",
        ]),
        Kept("tagboat/api@release/1"),
        Has(2, "title", "to 1.1"),
        // Nothing is left to merge into.
        Delete("release/1"),
        Run(&[
            "unchanged tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.2 in api",
            "close tagboat/api@release/1: superseded…",
        ]),
        Branches(&["tagboat/api"]),
    ], ..DEFAULT },
    Scenario { name: "the repository is renamed while a pull request is open", forges: RENAMES, steps: &[
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        RenameRepository("ops/delivery"),
        Build("api:1.2"),
        Run(&["update tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.2 in api"]),
        Has(1, "title", "to 1.2"),
        Commit("main", "api/app.yaml", "api:1.2"),
        Run(&["close tagboat/api: superseded…"]),
        Has(1, "comments", "Superseded"),
        Has(1, "state", "closed"),
    ], ..DEFAULT },
    Scenario { name: "the repository is renamed before a pull request is opened", forges: RENAMES, steps: &[
        RenameRepository("ops/delivery"),
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        Close(1),
        Run(&["leave tagboat/api: #1 proposed the same versions…"]),
    ], ..DEFAULT },
    Scenario { name: "another branch becomes the default, and the former one stays", steps: &[
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        RenameDefault("trunk"),
        SetBranch("main", &["rev-parse", "trunk"]),
        Run(&["update tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        Has(1, "base", "trunk"),
        Base("main"),
        Run(&[
            "open tagboat/api@main: Update ghcr.io/acme/api from 1.0 to 1.1 in api",
            "leave tagboat/api: it proposes changes to trunk, and this run has another base",
        ]),
    ], ..DEFAULT },
    Scenario { name: "the base moves elsewhere, then in the same file", steps: &[
        Run(&["open tagboat/api: …"]),
        Commit("main", "other/app.yaml", "other:1"),
        Run(&["unchanged tagboat/api: …"]),
        Kept("tagboat/api"),
        Commit("main", "api/app.yaml", "sidecar:7 api:1.0"),
        Run(&["update tagboat/api: …"]),
        Rebuilt("tagboat/api"),
        FileHolds("tagboat/api", "api/app.yaml", "sidecar:7 api:1.1"),
    ], images: "api:1.0 api:1.1 other:1 sidecar:7", ..DEFAULT },
    Scenario { name: "a force push drops the parent of the branch: the dropped commit does not return", steps: &[
        Commit("main", "other/app.yaml", "other:1"),
        Run(&["open tagboat/api: …"]),
        SetBranch("main", &["rev-parse", "main~1"]),
        Run(&["update tagboat/api: …"]),
        Rebuilt("tagboat/api"),
        Commit("main", "more/app.yaml", "other:1"),
        Run(&["unchanged tagboat/api: …"]),
        Kept("tagboat/api"),
    ], images: "api:1.0 api:1.1 other:1", ..DEFAULT },
    Scenario { name: "a person changes the same line in the base", steps: &[
        Run(&["open tagboat/api: …"]),
        Commit("main", "api/app.yaml", "api:1.0.5"),
        Run(&["update tagboat/api: Update ghcr.io/acme/api from 1.0.5 to 1.1.0 in api"]),
        Rebuilt("tagboat/api"),
    ], images: "api:1.0 api:1.1 api:1.0.5 api:1.1.0", ..DEFAULT },
    Scenario { name: "the forge fails to open one: the rest is done, and the next run opens it", forges: REMOTE, steps: &[
        FailRequests("POST", 502, 2),
        RunOnce(&["open tagboat/web: …", "failed api: …"]),
        Has(1, "branch", "tagboat/web"),
        Run(&["open tagboat/api: …", "unchanged tagboat/web: …"]),
        Has(2, "branch", "tagboat/api"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "the response is lost: nothing is opened twice", forges: REMOTE, steps: &[
        LoseResponse("POST", 502),
        Run(&["open tagboat/api: …"]),
        Branches(&["tagboat/api"]),
    ], ..DEFAULT },
    Scenario { name: "GitHub fails at any step of a commit: nothing is left behind, the rest is done, the next run does it", forges: &[Some(&GITHUB)], steps: &[
        AnswerRequests("GRAPHQL", 1), FailRequests("GRAPHQL", 502, 1),
        RunOnce(&["open tagboat/web: …", "failed api: cannot commit to tagboat/api of acme/gitops: the forge failed (502): …"]),
        Branches(&["tagboat/web"]),
        AnswerRequests("GRAPHQL", 1), FailRequests("GRAPHQL", 502, 1),
        RunOnce(&["unchanged tagboat/web: …", "failed api: …"]),
        AnswerRequests("GRAPHQL", 1), LoseResponse("GRAPHQL", 502),
        RunOnce(&["unchanged tagboat/web: …", "failed api: …"]),
        Branches(&["tagboat/web"]),
        // The last step was carried out; the position of the branch is read from GitHub.
        AnswerRequests("GRAPHQL", 2), LoseResponse("GRAPHQL", 502),
        Run(&["open tagboat/api: …", "unchanged tagboat/web: …"]),
        FileHolds("tagboat/api", "api/app.yaml", "api:1.1"),
        Rebuilt("tagboat/api"),
        Branches(&["tagboat/api", "tagboat/web"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "commits by API have GitHub as committer and are signed", forges: &[Some(&GITHUB)], steps: &[
        Run(&["open tagboat/api: …"]),
        Prints("tagboat/api", "committer GitHub <noreply@github.com>"),
        Prints("tagboat/api", "gpgsig -----BEGIN PGP SIGNATURE-----"),
        Prints("tagboat/api", "\n\nTagboat-Group: api\nTagboat-Image: ghcr.io/acme/api:1.1"),
    ], ..DEFAULT },
    Scenario { name: "with a configured author, git pushes", forges: &[Some(&GITHUB)], steps: &[
        Run(&["open tagboat/api: …"]),
        Prints("tagboat/api", "committer Bot <bot@acme.test>"),
        Build("api:1.2"),
        Run(&["update tagboat/api: …"]),
        Rebuilt("tagboat/api"),
    ], config: "git: { author: { name: Bot, email: bot@acme.test } }", ..DEFAULT },
    Scenario { name: "git pushes executable files, so that they keep their mode", forges: &[Some(&GITHUB)], steps: &[
        SetBranch("main", &["-c", "alias.x=!tree=$(git ls-tree main:api | sed s/100644/100755/ | git mktree) && \
                         tree=$(printf '040000 tree %s\\tapi\\n' $tree | git mktree) && git commit-tree $tree -p main -m x", "x"]),
        Run(&["open tagboat/api: …"]),
        Prints("tagboat/api", "committer tagboat <tagboat@tagboat.invalid>"),
        Prints("tagboat/api:api", "100755 blob"),
    ], ..DEFAULT },
    Scenario { name: "auto-merge that a push disables is enabled again", forges: WITH_AUTO_MERGE, config: "pull-requests: { auto-merge: squash }", steps: &[
        DisableAutoMergeAtPush,
        Run(&["open tagboat/api: …"]),
        Build("api:1.2"),
        Run(&["update tagboat/api: …"]),
        Has(1, "auto-merge", "squash"),
        Build("api:1.3"),
        Run(&["update tagboat/api: …"]),
        Has(1, "auto-merge", "squash"),
    ], ..DEFAULT },
    Scenario { name: "auto-merge that a person disables stays disabled until a person enables it", forges: WITH_AUTO_MERGE, config: "pull-requests: { auto-merge: squash }", steps: &[
        Run(&["open tagboat/api: …"]),
        Has(1, "auto-merge", "squash"),
        DisableAutoMerge(1),
        Run(&["unchanged tagboat/api: …"]),
        Has(1, "auto-merge", "null"),
        Build("api:1.2"),
        Run(&["update tagboat/api: …"]),
        Has(1, "auto-merge", "null"),
        Run(&["unchanged tagboat/api: …"]),
        Build("api:1.3"),
        Run(&["update tagboat/api: …"]),
        Has(1, "auto-merge", "null"),
        EnableAutoMerge(1, "merge"),
        DisableAutoMergeAtPush,
        Build("api:1.4"),
        Run(&["update tagboat/api: …"]),
        Has(1, "auto-merge", "squash"),
    ], ..DEFAULT },
    Scenario { name: "auto-merge on a forge without it", forges: WITHOUT_AUTO_MERGE, config: "pull-requests: { auto-merge: squash }", steps: &[
        Run(&["open tagboat/api: …", "failed api: cannot enable auto-merge for tagboat/api: not supported by FORGE"]),
        Has(1, "state", "open"),
    ], ..DEFAULT },
    Scenario { name: "direct commit by rule, and pull requests on top of it", config: DIRECT, steps: &[
        Run(&["open tagboat/web: …", "commit main: Update ghcr.io/acme/api from 1.0 to 1.1"]),
        FileHolds("main", "api/app.yaml", "api:1.1"),
        Prints("main", "\n\nTagboat-Group: main\nTagboat-Mode: commit\nTagboat-Image: ghcr.io/acme/api:1.1 (from 1.0)"),
        Rebuilt("tagboat/web"),
        Branches(&["tagboat/web"]),
        Build("api:1.2"),
        Run(&["unchanged tagboat/web: …", "commit main: Update ghcr.io/acme/api from 1.1 to 1.2"]),
        Kept("tagboat/web"),
        FileHolds("main", "api/app.yaml", "api:1.2"),
        FileHolds("main", "web/app.yaml", "web:2.0"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "a folder named like the base branch: its pull request and the direct commit are both reported", config: DIRECT, steps: &[
        Run(&["open tagboat/main: …", "commit main: …"]),
        FileHolds("main", "api/app.yaml", "api:1.1"),
        FileHolds("tagboat/main", "main/app.yaml", "web:2.1"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: &[("api/app.yaml", "api:1.0"), ("main/app.yaml", "web:2.0")], ..DEFAULT },
    Scenario { name: "the branch of a group would be the base branch: reported, and nothing is pushed", config: "pull-requests: { branch-prefix: ma, branch: in }", steps: &[
        Run(&["failed pull-requests: …"]),
        FileHolds("main", "api/app.yaml", "api:1.0"),
        Branches(&[]),
    ], ..DEFAULT },
    Scenario { name: "the base branch is protected: reported, and the rest is done", config: DIRECT, steps: &[
        Protect("main"),
        Run(&["open tagboat/web: …", "failed main: …"]),
        FileHolds("main", "api/app.yaml", "api:1.0"),
        Branches(&["tagboat/web"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "a direct commit is not proposed", config: "pull-requests: { group: all }\nrules: [{ images: ['**/api'], mode: commit }, {}]\ngit: { base: main }", steps: &[
        Run(&["open tagboat/all: Update ghcr.io/acme/web from 2.0 to 2.1", "commit main: …"]),
        FileHolds("main", "app.yaml", "api:1.1 web:2.0"),
        FileHolds("tagboat/all", "app.yaml", "api:1.1 web:2.1"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: &[("app.yaml", "api:1.0 web:2.0")], ..DEFAULT },
    Scenario { name: "the token may not open pull requests: reported, and the next run opens them", forges: REMOTE, steps: &[
        FailRequests("POST", 403, 1),
        RunOnce(&["open tagboat/web: …", "failed api: …"]),
        Run(&["open tagboat/api: …", "unchanged tagboat/web: …"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "a later request of a step fails: what was done is reported, and the failure", forges: &[Some(&GITHUB)], config: "pull-requests: { labels: [deploy] }", steps: &[
        FailRequests("PATCH", 403, 1),
        RunOnce(&["open tagboat/api: …", "failed api: …"]),
        Has(1, "labels", "deploy"),
        Run(&["update tagboat/api: …"]),
        Build("api:1.2"),
        FailRequests("PATCH", 403, 1),
        RunOnce(&["update tagboat/api: …", "failed api: …"]),
        FileHolds("tagboat/api", "api/app.yaml", "api:1.2"),
        Run(&["update tagboat/api: …"]),
        Commit("main", "api/app.yaml", "api:1.2"),
        Protect("tagboat/api"),
        RunOnce(&["close tagboat/api: …", "failed api: …"]),
        Has(1, "state", "closed"),
    ], ..DEFAULT },
    Scenario { name: "a failed lookup leaves its pull request alone", steps: &[
        Run(&["open tagboat/api: …", "open tagboat/web: …"]),
        BreakTagList("api"),
        Build("web:2.2"),
        Run(&[
            "update tagboat/web: Update ghcr.io/acme/web from 2.0 to 2.2 in web",
            "leave tagboat/api: could not look up ghcr.io/acme/api, which this pull request changes",
            "failed ghcr.io/acme/api: incomplete tag list: page 2 is missing",
        ]),
        Kept("tagboat/api"),
        RestoreTagLists,
        Run(&["unchanged tagboat/api: …", "unchanged tagboat/web: …"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "a pull request with an unknown image keeps its changes", config: ONE_GROUP, steps: &[
        Run(&["open tagboat/all: Update api and web"]),
        BreakTagList("api"),
        Build("web:2.2"),
        Run(&["leave tagboat/all: could not look up ghcr.io/acme/api, which this pull request changes", "failed …"]),
        Kept("tagboat/all"),
        RestoreTagLists,
        Run(&["update tagboat/all: Update api and web"]),
        FileHolds("tagboat/all", "web/app.yaml", "web:2.2"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "one pull request per image", config: "pull-requests: { group: image }", steps: &[
        Run(&[
            "open tagboat/ghcr.io-acme-api: Update ghcr.io/acme/api from 1.0 to 1.1",
            "open tagboat/ghcr.io-acme-web: Update ghcr.io/acme/web from 2.0 to 2.1",
        ]),
        FileHolds("tagboat/ghcr.io-acme-api", "dev/app.yaml", "api:1.1 web:2.0"),
        FileHolds("tagboat/ghcr.io-acme-api", "prod/app.yaml", "api:1.1"),
        FileHolds("tagboat/ghcr.io-acme-web", "dev/app.yaml", "api:1.0 web:2.1"),
        Merge(1),
        // Recreated from the base, which changed in the same file.
        Run(&["update tagboat/ghcr.io-acme-web: …"]),
        Rebuilt("tagboat/ghcr.io-acme-web"),
        FileHolds("tagboat/ghcr.io-acme-web", "dev/app.yaml", "api:1.1 web:2.1"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: &[("dev/app.yaml", "api:1.0 web:2.0"), ("prod/app.yaml", "api:1.0")], ..DEFAULT },
    Scenario { name: "groups by a template", config: "pull-requests: { group: '{{ bump }} updates' }", steps: &[
        Run(&["open tagboat/major-updates-…", "open tagboat/minor-updates-…"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:3.0", files: BOTH, ..DEFAULT },
    Scenario { name: "max-open limits open pull requests", config: "pull-requests: { max-open: 1 }", steps: &[
        Run(&[
            "open tagboat/api: …",
            "leave tagboat/web: 1 pull request is open, and `pull-requests.max-open` is 1",
        ]),
        Branches(&["tagboat/api"]),
        Merge(1),
        Run(&["open tagboat/web: …"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "max-per-run limits new pull requests", config: "pull-requests: { max-per-run: 1 }", steps: &[
        RunOnce(&[
            "open tagboat/api: …",
            "leave tagboat/web: this run opened 1 pull request, the limit of `pull-requests.max-per-run`",
        ]),
        Run(&["unchanged tagboat/api: …", "open tagboat/web: …"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "a failed pull request does not count toward max-per-run", config: "pull-requests: { max-per-run: 1 }", steps: &[
        Protect("tagboat/api"),
        Run(&["open tagboat/web: …", "failed api: …"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "held by a label: not updated, not closed", forges: WITH_LABELS, steps: &[
        Run(&["open tagboat/api: …"]),
        AddLabel(1, "tagboat:hold"),
        Build("api:1.2"),
        Run(&["leave tagboat/api: held by the label tagboat:hold"]),
        Kept("tagboat/api"),
        Commit("main", "api/app.yaml", "api:1.2"),
        Run(&["leave tagboat/api: held by the label tagboat:hold"]),
        Has(1, "state", "open"),
        RemoveLabel(1, "tagboat:hold"),
        Run(&["close tagboat/api: …"]),
    ], ..DEFAULT },
    Scenario { name: "held by a configured label", forges: WITH_LABELS, config: "pull-requests: { hold-labels: [wait] }", steps: &[
        Run(&["open tagboat/api: …"]),
        AddLabel(1, "Wait"),
        Build("api:1.2"),
        Run(&["leave tagboat/api: held by the label Wait"]),
    ], ..DEFAULT },
    Scenario { name: "held by the check box, on every forge", steps: &[
        Run(&["open tagboat/api: …"]),
        Check(1, "Hold this pull request"),
        Build("api:1.2"),
        Run(&["leave tagboat/api: held by the check box in its description"]),
        Kept("tagboat/api"),
        Uncheck(1, "Hold this pull request"),
        Run(&["update tagboat/api: …"]),
    ], ..DEFAULT },
    Scenario { name: "recreated over a person's commit by the check box", steps: &[
        Run(&["open tagboat/api: …"]),
        Commit("tagboat/api", "api/app.yaml", "api:1.1 sidecar:7"),
        Commit("main", "other/app.yaml", "sidecar:7"),
        Run(&["leave tagboat/api: commit by A Person …"]),
        Check(1, "Recreate this branch"),
        Run(&["update tagboat/api: …"]),
        Rebuilt("tagboat/api"),
        FileHolds("tagboat/api", "api/app.yaml", "api:1.1"),
        Has(1, "body", "- [ ] <!-- tagboat:recreate -->"),
        // Also if only the base moved, which alone is no reason to recreate it.
        Commit("main", "other/app.yaml", "sidecar:7 sidecar:7"),
        Run(&["unchanged tagboat/api: …"]),
        Check(1, "Recreate this branch"),
        Run(&["update tagboat/api: …"]),
        Rebuilt("tagboat/api"),
    ], images: "api:1.0 api:1.1 sidecar:7", ..DEFAULT },
    Scenario { name: "duplicate: the newer one is closed, the branch stays", steps: &[
        Run(&["open tagboat/api: …"]),
        Duplicate(1, 2),
        RunOnce(&["unchanged tagboat/api: …", "close tagboat/api: duplicate: #1 is open for the same branch"]),
        Has(2, "state", "closed"),
        Has(2, "comments", "Duplicate: #1"),
        Has(1, "state", "open"),
        Kept("tagboat/api"),
        Run(&["unchanged tagboat/api: …"]),
        Build("api:1.2"),
        Run(&["update tagboat/api: …"]),
    ], ..DEFAULT },
    Scenario { name: "a label that a person removed is not added again", forges: WITH_LABELS, steps: &[
        Run(&["open tagboat/api: …"]),
        Has(1, "labels", "deploy"),
        RemoveLabel(1, "deploy"),
        Run(&["unchanged tagboat/api: …"]),
        Build("api:1.2"),
        Run(&["update tagboat/api: …"]),
        Lacks(1, "labels", "deploy"),
    ], config: "pull-requests: { labels: [deploy] }", ..DEFAULT },
    Scenario { name: "--image without a tag list; other images stay proposed", config: ONE_GROUP, steps: &[
        Run(&["open tagboat/all: Update api and web"]),
        Build("api:1.2"),
        BreakTagList("api"), BreakTagList("web"),
        RunFor("api:1.2", &["update tagboat/all: Update api and web"]),
        FileHolds("tagboat/all", "api/app.yaml", "api:1.2"),
        FileHolds("tagboat/all", "web/app.yaml", "web:2.1"),
        RestoreTagLists,
        Run(&["unchanged tagboat/all: …"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "--image leaves other pull requests alone", steps: &[
        Run(&["open tagboat/api: …", "open tagboat/web: …"]),
        Build("api:1.2"),
        RunFor("api:1.2", &["update tagboat/api: …", "leave tagboat/web: outside the scope of this run"]),
        Kept("tagboat/web"),
        // A tag that the policy rejects is not proposed, even if CI just pushed it.
        RunFor("api:0.9", &["unchanged tagboat/api: …", "leave tagboat/web: outside the scope of this run"]),
        Kept("tagboat/api"),
    ], images: "api:0.9 api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "--image with the tag of an image that its policy cannot order", steps: &[
        Run(&[]),
        RunFor("api:3d9b390", &["open tagboat/api: Update ghcr.io/acme/api from 1c0ffee to 3d9b390 in api"]),
        FileHolds("tagboat/api", "api/app.yaml", "api:3d9b390"),
    ], images: "api:1c0ffee api:3d9b390", files: &[("api/app.yaml", "api:1c0ffee")], ..DEFAULT },
    Scenario { name: "text by people stays", forges: WITH_LABELS, steps: &[
        Run(&["open tagboat/api: …"]),
        Reword(1, "Please wait for the release notes"),
        Run(&["unchanged tagboat/api: Please wait for the release notes"]),
        Build("api:1.2"),
        Run(&["update tagboat/api: Please wait for the release notes"]),
        Has(1, "title", "Please wait for the release notes"),
        Has(1, "body", "A note before\n<!-- tagboat:begin -->"),
        Has(1, "body", "<!-- tagboat:end -->\nA note after"),
        Has(1, "body", "1.2"),
        Has(1, "labels", "careful"),
        Has(1, "labels", "deploy"),
        Merge(1),
    ], config: "pull-requests: { labels: [deploy] }", ..DEFAULT },
    Scenario { name: "text by people stays on a forge without labels", forges: WITHOUT_LABELS, steps: &[
        Run(&["open tagboat/api: …", "failed api: cannot set labels of tagboat/api: not supported by FORGE"]),
        Reword(1, "Please wait for the release notes"),
        Build("api:1.2"),
        Run(&["update tagboat/api: Please wait for the release notes"]),
        Has(1, "body", "A note before\n<!-- tagboat:begin -->"),
        Has(1, "body", "<!-- tagboat:end -->\nA note after"),
    ], config: "pull-requests: { labels: [deploy] }", ..DEFAULT },
    Scenario { name: "an unknown reviewer is reported, and the pull request is opened", forges: REMOTE, steps: &[
        Run(&["open tagboat/api: …", "failed api: …"]),
        Has(1, "state", "open"),
    ], config: "pull-requests: { reviewers: [absent] }", ..DEFAULT },
    Scenario { name: "production follows staging without a tag list, and is not downgraded", steps: &[
        BreakTagList("api"),
        Run(&["open tagboat/prod: Update ghcr.io/acme/api from 1.0 to 1.1 in prod"]),
        Commit("main", "staging/app.yaml", "api:1.2"),
        Run(&["update tagboat/prod: Update ghcr.io/acme/api from 1.0 to 1.2 in prod"]),
        Merge(1),
        Run(&[]),
        Commit("main", "staging/app.yaml", "api:1.1"),
        Run(&[]),
        // Two different answers are no answer, and change nothing.
        Commit("main", "staging/app.yaml", "api:1.3"),
        Run(&["open tagboat/prod: Update ghcr.io/acme/api from 1.2 to 1.3 in prod"]),
        Commit("main", "staging/other.yaml", "api:1.1"),
        Run(&["leave tagboat/prod: …"]),
        Kept("tagboat/prod"),
    ], images: "api:1.0 api:1.1 api:1.2 api:1.3", files: STAGES, config: PROMOTE, ..DEFAULT },
    Scenario { name: "production follows the digest of staging", steps: &[
        Run(&["open tagboat/prod: …"]),
        FileHolds("tagboat/prod", "prod/app.yaml", "api:1.1@"),
    ], files: &[("staging/app.yaml", "api:1.1@"), ("prod/app.yaml", "api:1.0")], config: PROMOTE, ..DEFAULT },
    Scenario { name: "tag and digest move together", steps: &[
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        FileHolds("tagboat/api", "api/app.yaml", "api:1.1@"),
    ], files: &[("api/app.yaml", "api:1.0@")], ..DEFAULT },
    Scenario { name: "pinned to a digest by the configuration", config: "rules: [{ pin: true }]", steps: &[
        Run(&["open tagboat/api: …"]),
        FileHolds("tagboat/api", "api/app.yaml", "api:1.1@ web:2.0@"),
        Merge(1),
        Run(&[]),
    ], images: "api:1.0 api:1.1 web:2.0", files: &[("api/app.yaml", "api:1.0 web:2.0")], ..DEFAULT },
    // From the tests of peter-evans/create-pull-request, where they apply and no other scenario covers them.
    Scenario { name: "the base branch takes over a part of the changes", config: ONE_GROUP, steps: &[
        Run(&["open tagboat/all: Update api and web"]),
        Commit("main", "api/app.yaml", "api:1.1"),
        Run(&["update tagboat/all: Update ghcr.io/acme/web from 2.0 to 2.1"]),
        Rebuilt("tagboat/all"),
        FileHolds("tagboat/all", "api/app.yaml", "api:1.1"),
        FileHolds("tagboat/all", "web/app.yaml", "web:2.1"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "squashed into the base by hand, and the branch stays behind", steps: &[
        Run(&["open tagboat/api: …"]),
        SetBranch("main", &["commit-tree", "tagboat/api^{tree}", "-p", "main", "-m", "Squashed"]),
        Run(&["close tagboat/api: superseded: …"]),
        Branches(&[]),
    ], ..DEFAULT },
    Scenario { name: "a person's branch has the name of a group", steps: &[
        SetBranch("tagboat/api", &["rev-parse", "main"]),
        Run(&["leave tagboat/api: commit by A Person …", "open tagboat/web: …"]),
        Kept("tagboat/api"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "a branch has the name of the branch prefix", config: "git: { commits: push }", steps: &[
        SetBranch("tagboat", &["rev-parse", "main"]),
        Run(&["failed api: …"]),
        Branches(&["tagboat"]),
    ], ..DEFAULT },
    Scenario { name: "a protected branch is reported, and the rest is done", steps: &[
        Protect("tagboat/api"),
        Run(&["open tagboat/web: …", "failed api: …"]),
        Branches(&["tagboat/web"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..DEFAULT },
    Scenario { name: "superseded, and the branch is protected: closed, and the branch stays", steps: &[
        Run(&["open tagboat/api: …"]),
        Protect("tagboat/api"),
        Commit("main", "api/app.yaml", "api:1.1"),
        Run(&["close tagboat/api: …", "failed api: cannot delete branch tagboat/api of …"]),
        Has(1, "state", "closed"),
        Has(1, "comments", "Superseded"),
    ], ..DEFAULT },
];

#[test]
fn pull_request_life_cycle() {
    // Set during development to run only scenarios whose name contains this.
    let wanted = std::env::var("TAGBOAT_STORY").unwrap_or_default();
    let scenarios = SCENARIOS.iter().filter(|scenario| scenario.name.contains(&wanted));
    let runs: Vec<_> =
        scenarios.flat_map(|scenario| scenario.forges.iter().map(move |vendor| (scenario, *vendor))).collect();
    assert!(!runs.is_empty(), "no scenario has {wanted} in its name");
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let Some((scenario, vendor)) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            // The panic is already printed. The other scenarios still run.
            if std::panic::catch_unwind(|| runtime.block_on(run_scenario(scenario, *vendor))).is_err() {
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
    assert_eq!(failed.into_inner(), 0, "of {} scenarios", runs.len());
}

async fn run_scenario(scenario: &Scenario, vendor: Option<&'static Vendor>) {
    let mut run = ScenarioRun {
        title: format!("{} ({})", scenario.name, name(vendor)),
        world: World::new(vendor, scenario.config, scenario.images, scenario.files).await,
        before: BTreeMap::new(),
        label: tagboat::forge::named(name(vendor)).unwrap().label,
        lists_descriptions: vendor.is_none_or(|vendor| vendor.lists_descriptions),
    };
    for (at, step) in scenario.steps.iter().enumerate() {
        run.title = format!("{}, step {}", run.title.split(", step ").next().unwrap(), at + 1);
        run.perform(step).await;
    }
}

/// A scenario in progress.
struct ScenarioRun {
    title: String,
    world: World,
    /// Branches before the last run.
    before: BTreeMap<String, String>,
    /// The name of the forge in messages; scenarios write FORGE.
    label: &'static str,
    /// See [`Vendor`].
    lists_descriptions: bool,
}

impl ScenarioRun {
    async fn perform(&mut self, step: &Step) {
        match *step {
            Build(image) => self.world.build(image),
            BreakTagList(image) => self.world.registry.make_incomplete(image),
            RestoreTagLists => self.world.registry.make_complete(),
            Run(expected) => self.run("", expected).await,
            RunOnce(expected) => self.run_once("", expected).await,
            FailRequests(method, status, times) => {
                let fail = || self.double().fail(method, Fault::Instead(answer(status)));
                (0..times).for_each(|_| fail());
            }
            AnswerRequests(method, times) => {
                (0..times).for_each(|_| self.double().fail(method, Fault::Slow(Duration::ZERO)))
            }
            DisableAutoMerge(number) => self.double().host(|host| host.pull(number).unwrap().auto_merge = None),
            EnableAutoMerge(number, method) => {
                self.double().host(|host| host.pull(number).unwrap().auto_merge = Some(method.to_owned()));
            }
            DisableAutoMergeAtPush => self.double().host(|host| host.push_disables_auto_merge = true),
            LoseResponse(method, status) => self.double().fail(method, Fault::Lost(answer(status))),
            RunFor(images, expected) => self.run(images, expected).await,
            Merge(number) => self.world.forge.merge(number),
            Close(number) => self.world.forge.close(number),
            Reword(number, words) => self.world.reword(number, words, "A note", "careful"),
            AddLabel(number, label) => self.world.forge.edit(number, |_, _, labels| labels.push(label.to_owned())),
            RemoveLabel(number, label) => {
                self.world.forge.edit(number, |_, _, labels| labels.retain(|one| one != label))
            }
            Check(number, words) => self.set_box(number, words, "- [ ] ", "- [x] "),
            Uncheck(number, words) => self.set_box(number, words, "- [x] ", "- [ ] "),
            Duplicate(number, copy) => self.world.forge.duplicate(number, copy),
            OpenByPerson(of, number, base) => self.world.forge.open_by_person(of, number, base),
            Retarget(number, base) => self.world.forge.retarget(number, base),
            RenameDefault(branch) => drop(git(&self.world.forge.bare.path, &["branch", "-m", "main", branch])),
            RenameRepository(name) => self.double().host(|host| host.new_name = Some(name)),
            Base(branch) => self.world.config.git.base = Some(BranchName::new(branch).unwrap()),
            Commit(branch, path, references) => self.world.commit(branch, path, references),
            SetBranch(branch, arguments) => {
                let commit = git(&self.world.forge.bare.path, arguments);
                git(&self.world.forge.bare.path, &["update-ref", &format!("refs/heads/{branch}"), &commit]);
            }
            Delete(branch) => drop(git(&self.world.forge.bare.path, &["branch", "--quiet", "-D", branch])),
            Protect(branch) => self.world.forge.bare.hook("pre-receive", &protect(branch)),
            _ => self.expect(step),
        }
    }

    /// Checks an expectation.
    fn expect(&self, step: &Step) {
        let title = &self.title;
        match *step {
            Prints(object, part) => {
                let printed = git(&self.world.forge.bare.path, &["cat-file", "-p", object]);
                assert!(printed.contains(part), "{title}: {printed}");
            }
            FileHolds(branch, path, references) => {
                let is = String::from_utf8(self.world.forge.bare.file(branch, path)).unwrap();
                assert_eq!(is, self.world.manifest(path, references), "{title}");
            }
            Kept(branch) => {
                assert_eq!(self.world.forge.bare.branches().get(branch), self.before.get(branch), "{title}")
            }
            Rebuilt(branch) => {
                let now = self.world.forge.bare.branches();
                assert_ne!(now.get(branch), self.before.get(branch), "{title}");
                let parents = git(&self.world.forge.bare.path, &["log", "-1", "--format=%P", branch]);
                assert_eq!(parents, now["main"], "{title}");
            }
            Branches(expected) => {
                let mut branches = self.world.forge.bare.branches();
                branches.remove("main");
                assert_eq!(branches.keys().collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>(), "{title}");
            }
            Has(number, field, part) => {
                let text = self.field(number, field);
                assert!(text.contains(part), "{title}: the {field} of #{number} is {text}");
            }
            Lacks(number, field, part) => {
                let text = self.field(number, field);
                assert!(!text.contains(part), "{title}: the {field} of #{number} is {text}");
            }
            _ => unreachable!("{title}: `perform` handles events"),
        }
    }

    fn field(&self, number: u64, field: &str) -> String {
        let value = self.world.forge.pull(number)[field].clone();
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    /// Changes the box with this text, which must exist.
    fn set_box(&self, number: u64, words: &str, from: &str, to: &str) {
        self.world.forge.edit(number, |_, body, _| {
            let line = body.lines().find(|line| line.starts_with(from) && line.contains(words)).unwrap().to_owned();
            *body = body.replace(&line, &line.replacen(from, to, 1));
        });
    }

    fn double(&self) -> &Double {
        self.world.forge.double.as_ref().expect("a forge with an HTTP API")
    }

    async fn run(&mut self, images: &str, expected: &[&str]) {
        self.run_once(images, expected).await;
        self.run_again_without_changes(images).await;
    }

    async fn run_once(&mut self, images: &str, expected: &[&str]) {
        self.before = self.world.forge.bare.branches();
        let report = self.world.run(images).await;
        self.compare(&lines(&report), expected);
        for failed in &report.failed {
            assert!(failed.hint.is_some(), "{}: no hint for {failed:?}", self.title);
        }
        let mut open = self.world.forge.open_branches_and_bases();
        open.sort();
        let count = open.len();
        open.dedup();
        assert_eq!(open.len(), count, "{}: two pull requests for one branch and base", self.title);
        self.shows_updates_on_their_branches(&report);
    }

    /// An image whose row names the branch of an open pull request is changed by it.
    fn shows_updates_on_their_branches(&self, report: &RunReport) {
        use ProposalAction::{Open, Unchanged, Update};
        let proposed: Vec<&ChangeRow> = report.changes.iter().chain(&report.already_proposed).collect();
        for row in report.images.iter().filter(|row| row.status == ImageStatus::Update) {
            let is_open = |proposal: &&ProposalRow| Some(&proposal.branch) == row.branch.as_ref();
            let Some(proposal) = report.proposals.iter().find(is_open) else { continue };
            let is_changed = proposed.iter().any(|change| change.name == row.name);
            assert!(is_changed || !matches!(proposal.action, Open | Unchanged | Update), "{}: {row:?}", self.title);
        }
    }

    /// Repeats the run, which must change nothing.
    async fn run_again_without_changes(&self, images: &str) {
        let title = &self.title;
        let state = self.world.state();
        self.world.forge.double.as_ref().inspect(|double| drop(double.take_log()));
        let report = self.world.run(images).await;
        assert!(!report.has_changes(), "{title}: the second run reports {:?}", lines(&report));
        assert_eq!(self.world.state(), state, "{title}: the second run changed something");
        if let Some(double) = &self.world.forge.double {
            // Every run retries what failed.
            if report.failed.is_empty() {
                assert_eq!(double.writes(), [""; 0], "{title}: the second run sent writes");
            }
            let reads = double.take_log().into_iter().filter(|request| request.method == "GET");
            let reads = reads.map(|request| request.path).collect::<Vec<_>>();
            let most = if self.lists_descriptions { 3 } else { 3 + self.world.forge.pulls().len() };
            assert!(reads.len() <= most, "{title}: the second run read {reads:?}");
        }
    }

    fn compare(&self, actual: &[String], expected: &[&str]) {
        let same = |(actual, expected): (&String, &String)| match expected.strip_suffix('…') {
            Some(start) => actual.starts_with(start),
            None => actual == expected,
        };
        let expected: Vec<_> = expected.iter().map(|line| line.replace("FORGE", self.label)).collect();
        let agrees = actual.len() == expected.len() && actual.iter().zip(&expected).all(same);
        assert!(agrees, "{}: actual\n  {}\nexpected\n  {}", self.title, actual.join("\n  "), expected.join("\n  "));
    }
}

fn answer(status: u16) -> Answer {
    Answer::new(status, json!({"message": "unavailable"}))
}

/// Returns a hook that rejects pushes as GitHub does for a protected branch.
fn protect(branch: &str) -> String {
    format!(
        "while read old new ref; do if [ \"$ref\" = refs/heads/{branch} ]; then\n\
         echo \"error: GH006: Protected branch update failed for $ref.\" >&2; exit 1\nfi; done"
    )
}
