//! The pull request life cycle, as a table of stories that run on the double of every forge and on the `local` forge.
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
use crate::support::world::{World, lines};

use Act::*;

/// Something that happens, or that must be so.
enum Act {
    /// CI pushes an image: `api:1.1`.
    Build(&'static str),
    /// Nobody can list the tags of an image any more.
    Lose(&'static str),
    /// All tags can be listed again.
    Found,
    /// `tagboat run`, and the lines of its report; `…` at the end of a line matches the rest.
    Run(&'static [&'static str]),
    /// A run after which not everything is as it should be: the forge failed, or one run may do no more.
    RunBroken(&'static [&'static str]),
    /// So many requests with this method get another answer, and nothing is done.
    Fail(&'static str, u16, usize),
    /// So many requests with this method are answered before anything else happens to them.
    Pass(&'static str, usize),
    /// The next request with this method is carried out, and its answer is lost.
    Lost(&'static str, u16),
    /// `tagboat run --image REF`.
    RunFor(&'static str, &'static [&'static str]),
    /// A person merges a pull request.
    Merge(u64),
    /// A person closes one.
    Close(u64),
    /// A person gives a title, and adds to the body and to the labels.
    Reword(u64, &'static str),
    /// A person gives a label.
    Label(u64, &'static str),
    /// A person takes a label away.
    Unlabel(u64, &'static str),
    /// A person ticks the box with these words.
    Tick(u64, &'static str),
    /// A person takes the tick away.
    Untick(u64, &'static str),
    /// A race of older runs has left a second pull request for the branch of the first.
    Duplicate(u64, u64),
    /// A person commits to a branch: these references in this file.
    Commit(&'static str, &'static str, &'static str),
    /// A person does it with git: the branch, and the arguments of a command that prints the commit to put there.
    Plumb(&'static str, &'static [&'static str]),
    /// A person deletes a branch.
    Delete(&'static str),
    /// The server protects a branch from now on.
    Protect(&'static str),
    /// A file on a branch holds these references, and every other byte is what it was.
    Holds(&'static str, &'static str, &'static str),
    /// What git prints of a commit, or of a folder, holds this.
    Says(&'static str, &'static str),
    /// A person disables auto-merge.
    Forget(u64),
    /// The last run left the branch at the commit where it was.
    Kept(&'static str),
    /// The last run moved the branch: it is one commit on the newest base.
    Rebuilt(&'static str),
    /// These branches exist, beside `main`.
    Branches(&'static [&'static str]),
    /// A pull request has something in a field: `title`, `body`, `labels`, `comments`, `state`.
    Has(u64, &'static str, &'static str),
    /// It has not.
    Lacks(u64, &'static str, &'static str),
}

struct Story {
    name: &'static str,
    /// The forges that it runs on.
    hosts: Hosts,
    /// `tagboat.yaml`.
    config: &'static str,
    /// Images that are there at the beginning.
    images: &'static str,
    /// Manifests and the references in them.
    files: &'static [(&'static str, &'static str)],
    acts: &'static [Act],
}

type Hosts = &'static [Option<&'static Vendor>];

/// `None` is the `local` forge.
pub(super) const EVERYWHERE: Hosts = &[
    Some(&GITHUB),
    Some(&GITLAB),
    Some(&GITEA),
    Some(&BITBUCKET_CLOUD),
    Some(&BITBUCKET_DATA_CENTER),
    Some(&AZURE_DEVOPS),
    None,
];
/// Where a pull request closes when its branch is deleted, and where it stays open.
const CLOSES_WITH_BRANCH: Hosts = &[Some(&GITHUB), Some(&GITLAB), Some(&GITEA), Some(&BITBUCKET_DATA_CENTER)];
const OUTLIVES_BRANCH: Hosts = &[Some(&BITBUCKET_CLOUD), Some(&AZURE_DEVOPS), None];
/// Where there are labels, and where there are none.
const LABELLED: Hosts = &[Some(&GITHUB), Some(&GITLAB), Some(&GITEA), Some(&AZURE_DEVOPS), None];
const UNLABELLED: Hosts = &[Some(&BITBUCKET_CLOUD), Some(&BITBUCKET_DATA_CENTER)];
/// Where pull requests can be set to merge by themselves, and where not.
const MERGES: Hosts = &[Some(&GITHUB), Some(&GITLAB), Some(&GITEA), Some(&BITBUCKET_DATA_CENTER), Some(&AZURE_DEVOPS)];
const MERGES_NEVER: Hosts = &[Some(&BITBUCKET_CLOUD)];
/// What is asked over HTTP.
const REMOTE: Hosts = EVERYWHERE.split_last().unwrap().1;
const API: &[(&str, &str)] = &[("api/app.yaml", "api:1.0")];
const BOTH: &[(&str, &str)] = &[("api/app.yaml", "api:1.0"), ("web/app.yaml", "web:2.0")];
const STAGES: &[(&str, &str)] = &[("staging/app.yaml", "api:1.1"), ("prod/app.yaml", "api:1.0")];
const PROMOTE: &str = "policies: { promote: { follow: staging } }\nrules: [{ paths: [prod/**], policy: promote }]";
const DIRECT: &str = "rules: [{ paths: ['api/**'], mode: commit }, {}]\ngit: { base: main }";
const ALL: &str = "pull-requests: { group: all }";

/// What most stories are about.
const USUAL: Story =
    Story { name: "", hosts: EVERYWHERE, config: "", images: "api:1.0 api:1.1", files: API, acts: &[] };

#[rustfmt::skip]
const STORIES: &[Story] = &[
    Story { name: "from the first tag to the third", acts: &[
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        Holds("tagboat/api", "api/app.yaml", "api:1.1"),
        Holds("main", "api/app.yaml", "api:1.0"),
        Rebuilt("tagboat/api"),
        Has(1, "body", "1.1"),
        Run(&["unchanged tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        Build("api:1.2"),
        Run(&["update tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.2 in api"]),
        Holds("tagboat/api", "api/app.yaml", "api:1.2"),
        Rebuilt("tagboat/api"),
        Has(1, "title", "1.2"),
        Merge(1),
        Run(&[]),
        Build("api:1.10"),
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.2 to 1.10 in api"]),
        Rebuilt("tagboat/api"),
        Has(2, "state", "open"),
        Branches(&["tagboat/api"]),
    ], ..USUAL },
    Story { name: "a person updates the base: superseded, which declines nothing", acts: &[
        Run(&["open tagboat/api: …"]),
        Commit("main", "api/app.yaml", "api:1.1"),
        Run(&["close tagboat/api: superseded: the policy no longer selects this version, or the base branch already has it"]),
        Has(1, "state", "closed"),
        Has(1, "comments", "Superseded: the policy no longer selects this version, or the base branch already has it"),
        Branches(&[]),
        Commit("main", "api/app.yaml", "api:1.0"),
        Run(&["open tagboat/api: …"]),
        Has(2, "state", "open"),
    ], ..USUAL },
    Story { name: "closed by a person: this version is declined", acts: &[
        Run(&["open tagboat/api: …"]),
        Close(1),
        Run(&["leave tagboat/api: #1 proposed the same versions and was closed unmerged; waiting for newer ones"]),
        Kept("tagboat/api"),
        Build("api:1.2"),
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.2 in api"]),
        Close(2),
        Run(&["leave tagboat/api: #2 proposed …"]),
    ], ..USUAL },
    Story { name: "merged, then reverted", acts: &[
        Run(&["open tagboat/api: …"]),
        Merge(1),
        Run(&[]),
        Commit("main", "api/app.yaml", "api:1.0"),
        Run(&["open tagboat/api: …"]),
        Has(1, "state", "merged"),
        Has(2, "state", "open"),
    ], ..USUAL },
    Story { name: "a person commits to the branch: it is left untouched", acts: &[
        Run(&["open tagboat/api: …"]),
        Commit("tagboat/api", "api/app.yaml", "api:1.1 sidecar:7"),
        Run(&["leave tagboat/api: commit by A Person on this branch; leaving it untouched"]),
        Build("api:1.2"),
        Run(&["leave tagboat/api: commit by A Person …"]),
        Commit("main", "api/app.yaml", "api:1.2"),
        Run(&["leave tagboat/api: commit by A Person on this branch; leaving it untouched"]),
        Kept("tagboat/api"),
        Holds("tagboat/api", "api/app.yaml", "api:1.1 sidecar:7"),
        Has(1, "state", "open"),
    ], images: "api:1.0 api:1.1 sidecar:7", ..USUAL },
    Story { name: "a person amends our commit", acts: &[
        Run(&["open tagboat/api: …"]),
        Plumb("tagboat/api", &["commit-tree", "tagboat/api^{tree}", "-p", "main", "-m", "Better words\n\nTagboat-Group: api"]),
        Build("api:1.2"),
        Run(&["leave tagboat/api: commit by A Person …"]),
        Kept("tagboat/api"),
    ], ..USUAL },
    Story { name: "a person merges the base into the branch", acts: &[
        Run(&["open tagboat/api: …"]),
        Commit("main", "other/app.yaml", "other:1"),
        Plumb("tagboat/api", &["commit-tree", "tagboat/api^{tree}", "-p", "tagboat/api", "-p", "main", "-m", "Merge branch 'main'"]),
        Build("api:1.2"),
        Run(&["leave tagboat/api: commit by A Person …"]),
        Kept("tagboat/api"),
    ], images: "api:1.0 api:1.1 other:1", ..USUAL },
    Story { name: "the branch is deleted, which closes the pull request", hosts: CLOSES_WITH_BRANCH, acts: &[
        Run(&["open tagboat/api: …"]),
        Delete("tagboat/api"),
        Run(&["leave tagboat/api: #1 proposed the same versions and was closed unmerged; …"]),
        Branches(&[]),
        Build("api:1.2"),
        Run(&["open tagboat/api: …"]),
    ], ..USUAL },
    Story { name: "the branch is deleted, and the pull request stays open", hosts: OUTLIVES_BRANCH, acts: &[
        Run(&["open tagboat/api: …"]),
        Delete("tagboat/api"),
        Run(&["update tagboat/api: …"]),
        Holds("tagboat/api", "api/app.yaml", "api:1.1"),
        Delete("tagboat/api"),
        Commit("main", "api/app.yaml", "api:1.1"),
        Run(&["close tagboat/api: …"]),
        Branches(&[]),
    ], ..USUAL },
    Story { name: "the base moves elsewhere, then in the same file", acts: &[
        Run(&["open tagboat/api: …"]),
        Commit("main", "other/app.yaml", "other:1"),
        Run(&["unchanged tagboat/api: …"]),
        Kept("tagboat/api"),
        Commit("main", "api/app.yaml", "sidecar:7 api:1.0"),
        Run(&["update tagboat/api: …"]),
        Rebuilt("tagboat/api"),
        Holds("tagboat/api", "api/app.yaml", "sidecar:7 api:1.1"),
    ], images: "api:1.0 api:1.1 other:1 sidecar:7", ..USUAL },
    Story { name: "a person changes the same line in the base", acts: &[
        Run(&["open tagboat/api: …"]),
        Commit("main", "api/app.yaml", "api:1.0.5"),
        Run(&["update tagboat/api: Update ghcr.io/acme/api from 1.0.5 to 1.1.0 in api"]),
        Rebuilt("tagboat/api"),
    ], images: "api:1.0 api:1.1 api:1.0.5 api:1.1.0", ..USUAL },
    Story { name: "the forge fails to open one: the rest is done, and the next run opens it", hosts: REMOTE, acts: &[
        Fail("POST", 502, 2),
        RunBroken(&["open tagboat/web: …", "failed api: …"]),
        Has(1, "branch", "tagboat/web"),
        Run(&["open tagboat/api: …", "unchanged tagboat/web: …"]),
        Has(2, "branch", "tagboat/api"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..USUAL },
    Story { name: "the response is lost: nothing is opened twice", hosts: REMOTE, acts: &[
        Lost("POST", 502),
        Run(&["open tagboat/api: …"]),
        Branches(&["tagboat/api"]),
    ], ..USUAL },
    Story { name: "GitHub fails at any step of a commit: nothing is left behind, the rest is done, the next run does it", hosts: &[Some(&GITHUB)], acts: &[
        Pass("GRAPHQL", 1), Fail("GRAPHQL", 502, 1),
        RunBroken(&["open tagboat/web: …", "failed api: commit to tagboat/api of acme/gitops: the forge failed (502): …"]),
        Branches(&["tagboat/web"]),
        Pass("GRAPHQL", 1), Fail("GRAPHQL", 502, 1),
        RunBroken(&["unchanged tagboat/web: …", "failed api: …"]),
        Pass("GRAPHQL", 1), Lost("GRAPHQL", 502),
        RunBroken(&["unchanged tagboat/web: …", "failed api: …"]),
        Branches(&["tagboat/web"]),
        // The last step is done, and GitHub is asked where the branch is.
        Pass("GRAPHQL", 2), Lost("GRAPHQL", 502),
        Run(&["open tagboat/api: …", "unchanged tagboat/web: …"]),
        Holds("tagboat/api", "api/app.yaml", "api:1.1"),
        Rebuilt("tagboat/api"),
        Branches(&["tagboat/api", "tagboat/web"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..USUAL },
    Story { name: "commits by API have GitHub as committer and are signed", hosts: &[Some(&GITHUB)], acts: &[
        Run(&["open tagboat/api: …"]),
        Says("tagboat/api", "committer GitHub <noreply@github.com>"),
        Says("tagboat/api", "gpgsig -----BEGIN PGP SIGNATURE-----"),
        Says("tagboat/api", "\n\nTagboat-Group: api\nTagboat-Image: ghcr.io/acme/api:1.1"),
    ], ..USUAL },
    Story { name: "with a configured author, git pushes", hosts: &[Some(&GITHUB)], acts: &[
        Run(&["open tagboat/api: …"]),
        Says("tagboat/api", "committer Bot <bot@acme.test>"),
        Build("api:1.2"),
        Run(&["update tagboat/api: …"]),
        Rebuilt("tagboat/api"),
    ], config: "git: { author: { name: Bot, email: bot@acme.test } }", ..USUAL },
    Story { name: "git pushes executable files, so that they keep their mode", hosts: &[Some(&GITHUB)], acts: &[
        Plumb("main", &["-c", "alias.x=!tree=$(git ls-tree main:api | sed s/100644/100755/ | git mktree) && \
                         tree=$(printf '040000 tree %s\\tapi\\n' $tree | git mktree) && git commit-tree $tree -p main -m x", "x"]),
        Run(&["open tagboat/api: …"]),
        Says("tagboat/api", "committer tagboat <tagboat@tagboat.invalid>"),
        Says("tagboat/api:api", "100755 blob"),
    ], ..USUAL },
    Story { name: "auto-merge is enabled again after every push", hosts: MERGES, config: "pull-requests: { auto-merge: squash }", acts: &[
        Run(&["open tagboat/api: …"]),
        Has(1, "auto-merge", "squash"),
        Forget(1),
        Run(&["unchanged tagboat/api: …"]),
        Has(1, "auto-merge", "null"),
        Build("api:1.2"),
        Run(&["update tagboat/api: …"]),
        Has(1, "auto-merge", "squash"),
    ], ..USUAL },
    Story { name: "auto-merge on a forge without it", hosts: MERGES_NEVER, config: "pull-requests: { auto-merge: squash }", acts: &[
        Run(&["open tagboat/api: …", "failed api: auto-merge is not supported by FORGE"]),
        Has(1, "state", "open"),
    ], ..USUAL },
    Story { name: "direct commit by rule, and pull requests on top of it", config: DIRECT, acts: &[
        Run(&["open tagboat/web: …", "commit main: Update ghcr.io/acme/api from 1.0 to 1.1"]),
        Holds("main", "api/app.yaml", "api:1.1"),
        Says("main", "\n\nTagboat-Group: main\nTagboat-Image: ghcr.io/acme/api:1.1 (from 1.0)"),
        Rebuilt("tagboat/web"),
        Branches(&["tagboat/web"]),
        Build("api:1.2"),
        Run(&["unchanged tagboat/web: …", "commit main: Update ghcr.io/acme/api from 1.1 to 1.2"]),
        Kept("tagboat/web"),
        Holds("main", "api/app.yaml", "api:1.2"),
        Holds("main", "web/app.yaml", "web:2.0"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..USUAL },
    Story { name: "a folder named like the base branch: its pull request and the direct commit are both reported", config: DIRECT, acts: &[
        Run(&["open tagboat/main: …", "commit main: …"]),
        Holds("main", "api/app.yaml", "api:1.1"),
        Holds("tagboat/main", "main/app.yaml", "web:2.1"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: &[("api/app.yaml", "api:1.0"), ("main/app.yaml", "web:2.0")], ..USUAL },
    Story { name: "the base branch is protected: reported, and the rest is done", config: DIRECT, acts: &[
        Protect("main"),
        Run(&["open tagboat/web: …", "failed main: …"]),
        Holds("main", "api/app.yaml", "api:1.0"),
        Branches(&["tagboat/web"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..USUAL },
    Story { name: "a direct commit is not proposed", config: "pull-requests: { group: all }\nrules: [{ images: ['**/api'], mode: commit }, {}]\ngit: { base: main }", acts: &[
        Run(&["open tagboat/all: Update ghcr.io/acme/web from 2.0 to 2.1", "commit main: …"]),
        Holds("main", "app.yaml", "api:1.1 web:2.0"),
        Holds("tagboat/all", "app.yaml", "api:1.1 web:2.1"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: &[("app.yaml", "api:1.0 web:2.0")], ..USUAL },
    Story { name: "the token may not open pull requests: reported, and the next run opens them", hosts: REMOTE, acts: &[
        Fail("POST", 403, 1),
        RunBroken(&["open tagboat/web: …", "failed api: …"]),
        Run(&["open tagboat/api: …", "unchanged tagboat/web: …"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..USUAL },
    Story { name: "a failed lookup leaves its pull request alone", acts: &[
        Run(&["open tagboat/api: …", "open tagboat/web: …"]),
        Lose("api"),
        Build("web:2.2"),
        Run(&[
            "update tagboat/web: Update ghcr.io/acme/web from 2.0 to 2.2 in web",
            "leave tagboat/api: could not look up ghcr.io/acme/api, which this pull request changes",
            "failed ghcr.io/acme/api: ghcr.io/acme/api: incomplete tag list: page 2 is lost",
        ]),
        Kept("tagboat/api"),
        Found,
        Run(&["unchanged tagboat/api: …", "unchanged tagboat/web: …"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..USUAL },
    Story { name: "a pull request with an unknown image keeps its changes", config: ALL, acts: &[
        Run(&["open tagboat/all: Update api and web"]),
        Lose("api"),
        Build("web:2.2"),
        Run(&["leave tagboat/all: could not look up ghcr.io/acme/api, which this pull request changes", "failed …"]),
        Kept("tagboat/all"),
        Found,
        Run(&["update tagboat/all: Update api and web"]),
        Holds("tagboat/all", "web/app.yaml", "web:2.2"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..USUAL },
    Story { name: "one pull request per image", config: "pull-requests: { group: image }", acts: &[
        Run(&[
            "open tagboat/ghcr.io-acme-api: Update ghcr.io/acme/api from 1.0 to 1.1",
            "open tagboat/ghcr.io-acme-web: Update ghcr.io/acme/web from 2.0 to 2.1",
        ]),
        Holds("tagboat/ghcr.io-acme-api", "dev/app.yaml", "api:1.1 web:2.0"),
        Holds("tagboat/ghcr.io-acme-api", "prod/app.yaml", "api:1.1"),
        Holds("tagboat/ghcr.io-acme-web", "dev/app.yaml", "api:1.0 web:2.1"),
        Merge(1),
        // Made anew on the base, which has changed in the same file.
        Run(&["update tagboat/ghcr.io-acme-web: …"]),
        Rebuilt("tagboat/ghcr.io-acme-web"),
        Holds("tagboat/ghcr.io-acme-web", "dev/app.yaml", "api:1.1 web:2.1"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: &[("dev/app.yaml", "api:1.0 web:2.0"), ("prod/app.yaml", "api:1.0")], ..USUAL },
    Story { name: "groups by a template", config: "pull-requests: { group: '{{ bump }} updates' }", acts: &[
        Run(&["open tagboat/major-updates-…", "open tagboat/minor-updates-…"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:3.0", files: BOTH, ..USUAL },
    Story { name: "max-open limits open pull requests", config: "pull-requests: { max-open: 1 }", acts: &[
        Run(&[
            "open tagboat/api: …",
            "leave tagboat/web: 1 pull request is open, the limit of pull-requests.max-open",
        ]),
        Branches(&["tagboat/api"]),
        Merge(1),
        Run(&["open tagboat/web: …"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..USUAL },
    Story { name: "max-per-run limits new pull requests", config: "pull-requests: { max-per-run: 1 }", acts: &[
        RunBroken(&[
            "open tagboat/api: …",
            "leave tagboat/web: this run opened 1 pull request, the limit of pull-requests.max-per-run",
        ]),
        Run(&["unchanged tagboat/api: …", "open tagboat/web: …"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..USUAL },
    Story { name: "a failed pull request does not count toward max-per-run", config: "pull-requests: { max-per-run: 1 }", acts: &[
        Protect("tagboat/api"),
        Run(&["open tagboat/web: …", "failed api: …"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..USUAL },
    Story { name: "held by a label: not updated, not closed", hosts: LABELLED, acts: &[
        Run(&["open tagboat/api: …"]),
        Label(1, "tagboat:hold"),
        Build("api:1.2"),
        Run(&["leave tagboat/api: held by the label tagboat:hold"]),
        Kept("tagboat/api"),
        Commit("main", "api/app.yaml", "api:1.2"),
        Run(&["leave tagboat/api: held by the label tagboat:hold"]),
        Has(1, "state", "open"),
        Unlabel(1, "tagboat:hold"),
        Run(&["close tagboat/api: …"]),
    ], ..USUAL },
    Story { name: "held by a configured label", hosts: LABELLED, config: "pull-requests: { hold-labels: [wait] }", acts: &[
        Run(&["open tagboat/api: …"]),
        Label(1, "Wait"),
        Build("api:1.2"),
        Run(&["leave tagboat/api: held by the label Wait"]),
    ], ..USUAL },
    Story { name: "held by the check box, on every forge", acts: &[
        Run(&["open tagboat/api: …"]),
        Tick(1, "Hold this pull request"),
        Build("api:1.2"),
        Run(&["leave tagboat/api: held by the check box in its description"]),
        Kept("tagboat/api"),
        Untick(1, "Hold this pull request"),
        Run(&["update tagboat/api: …"]),
    ], ..USUAL },
    Story { name: "recreated over a person's commit by the check box", acts: &[
        Run(&["open tagboat/api: …"]),
        Commit("tagboat/api", "api/app.yaml", "api:1.1 sidecar:7"),
        Commit("main", "other/app.yaml", "sidecar:7"),
        Run(&["leave tagboat/api: commit by A Person …"]),
        Tick(1, "Recreate this branch"),
        Run(&["update tagboat/api: …"]),
        Rebuilt("tagboat/api"),
        Holds("tagboat/api", "api/app.yaml", "api:1.1"),
        Has(1, "body", "- [ ] <!-- tagboat:recreate -->"),
        // And where only the base has moved on, which alone is no reason to.
        Commit("main", "other/app.yaml", "sidecar:7 sidecar:7"),
        Run(&["unchanged tagboat/api: …"]),
        Tick(1, "Recreate this branch"),
        Run(&["update tagboat/api: …"]),
        Rebuilt("tagboat/api"),
    ], images: "api:1.0 api:1.1 sidecar:7", ..USUAL },
    Story { name: "duplicate: the newer one is closed, the branch stays", acts: &[
        Run(&["open tagboat/api: …"]),
        Duplicate(1, 2),
        RunBroken(&["unchanged tagboat/api: …", "close tagboat/api: duplicate: #1 is open for the same branch"]),
        Has(2, "state", "closed"),
        Has(2, "comments", "Duplicate: #1"),
        Has(1, "state", "open"),
        Kept("tagboat/api"),
        Run(&["unchanged tagboat/api: …"]),
        Build("api:1.2"),
        Run(&["update tagboat/api: …"]),
    ], ..USUAL },
    Story { name: "a label that a person removed is not added again", hosts: LABELLED, acts: &[
        Run(&["open tagboat/api: …"]),
        Has(1, "labels", "deploy"),
        Unlabel(1, "deploy"),
        Run(&["unchanged tagboat/api: …"]),
        Build("api:1.2"),
        Run(&["update tagboat/api: …"]),
        Lacks(1, "labels", "deploy"),
    ], config: "pull-requests: { labels: [deploy] }", ..USUAL },
    Story { name: "--image without a tag list; other images stay proposed", config: ALL, acts: &[
        Run(&["open tagboat/all: Update api and web"]),
        Build("api:1.2"),
        Lose("api"), Lose("web"),
        RunFor("api:1.2", &["update tagboat/all: Update api and web"]),
        Holds("tagboat/all", "api/app.yaml", "api:1.2"),
        Holds("tagboat/all", "web/app.yaml", "web:2.1"),
        Found,
        Run(&["unchanged tagboat/all: …"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..USUAL },
    Story { name: "--image leaves other pull requests alone", acts: &[
        Run(&["open tagboat/api: …", "open tagboat/web: …"]),
        Build("api:1.2"),
        RunFor("api:1.2", &["update tagboat/api: …", "leave tagboat/web: outside the scope of this run"]),
        Kept("tagboat/web"),
        // What the policy refuses isn't proposed because it was pushed.
        RunFor("api:0.9", &["leave tagboat/api: …", "leave tagboat/web: outside the scope of this run"]),
        Kept("tagboat/api"),
    ], images: "api:0.9 api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..USUAL },
    Story { name: "--image with the tag of an image that its policy cannot order", acts: &[
        Run(&[]),
        RunFor("api:3d9b390", &["open tagboat/api: Update ghcr.io/acme/api from 1c0ffee to 3d9b390 in api"]),
        Holds("tagboat/api", "api/app.yaml", "api:3d9b390"),
    ], images: "api:1c0ffee api:3d9b390", files: &[("api/app.yaml", "api:1c0ffee")], ..USUAL },
    Story { name: "text by people stays", hosts: LABELLED, acts: &[
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
    ], config: "pull-requests: { labels: [deploy] }", ..USUAL },
    Story { name: "text by people stays on a forge without labels", hosts: UNLABELLED, acts: &[
        Run(&["open tagboat/api: …", "failed api: labels are not supported by FORGE"]),
        Reword(1, "Please wait for the release notes"),
        Build("api:1.2"),
        Run(&["update tagboat/api: Please wait for the release notes"]),
        Has(1, "body", "A note before\n<!-- tagboat:begin -->"),
        Has(1, "body", "<!-- tagboat:end -->\nA note after"),
    ], config: "pull-requests: { labels: [deploy] }", ..USUAL },
    Story { name: "an unknown reviewer is reported, and the pull request is opened", hosts: REMOTE, acts: &[
        Run(&["open tagboat/api: …", "failed api: …"]),
        Has(1, "state", "open"),
    ], config: "pull-requests: { reviewers: [nobody] }", ..USUAL },
    Story { name: "production follows staging without a tag list, and is not downgraded", acts: &[
        Lose("api"),
        Run(&["open tagboat/prod: Update ghcr.io/acme/api from 1.0 to 1.1 in prod"]),
        Commit("main", "staging/app.yaml", "api:1.2"),
        Run(&["update tagboat/prod: Update ghcr.io/acme/api from 1.0 to 1.2 in prod"]),
        Merge(1),
        Run(&[]),
        Commit("main", "staging/app.yaml", "api:1.1"),
        Run(&[]),
        // Two answers are none, and change nothing.
        Commit("main", "staging/app.yaml", "api:1.3"),
        Run(&["open tagboat/prod: Update ghcr.io/acme/api from 1.2 to 1.3 in prod"]),
        Commit("main", "staging/other.yaml", "api:1.1"),
        Run(&["leave tagboat/prod: …"]),
        Kept("tagboat/prod"),
    ], images: "api:1.0 api:1.1 api:1.2 api:1.3", files: STAGES, config: PROMOTE, ..USUAL },
    Story { name: "production follows the digest of staging", acts: &[
        Run(&["open tagboat/prod: …"]),
        Holds("tagboat/prod", "prod/app.yaml", "api:1.1@"),
    ], files: &[("staging/app.yaml", "api:1.1@"), ("prod/app.yaml", "api:1.0")], config: PROMOTE, ..USUAL },
    Story { name: "tag and digest move together", acts: &[
        Run(&["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api"]),
        Holds("tagboat/api", "api/app.yaml", "api:1.1@"),
    ], files: &[("api/app.yaml", "api:1.0@")], ..USUAL },
    Story { name: "pinned to a digest by the configuration", config: "rules: [{ pin: true }]", acts: &[
        Run(&["open tagboat/api: …"]),
        Holds("tagboat/api", "api/app.yaml", "api:1.1@ web:2.0@"),
        Merge(1),
        Run(&[]),
    ], images: "api:1.0 api:1.1 web:2.0", files: &[("api/app.yaml", "api:1.0 web:2.0")], ..USUAL },
    // What peter-evans/create-pull-request is held against, as far as it applies here, and no other story tells.
    Story { name: "the base branch takes over a part of the changes", config: ALL, acts: &[
        Run(&["open tagboat/all: Update api and web"]),
        Commit("main", "api/app.yaml", "api:1.1"),
        Run(&["update tagboat/all: Update ghcr.io/acme/web from 2.0 to 2.1"]),
        Rebuilt("tagboat/all"),
        Holds("tagboat/all", "api/app.yaml", "api:1.1"),
        Holds("tagboat/all", "web/app.yaml", "web:2.1"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..USUAL },
    Story { name: "squashed into the base by hand, and the branch stays behind", acts: &[
        Run(&["open tagboat/api: …"]),
        Plumb("main", &["commit-tree", "tagboat/api^{tree}", "-p", "main", "-m", "Squashed"]),
        Run(&["close tagboat/api: superseded: …"]),
        Branches(&[]),
    ], ..USUAL },
    Story { name: "a person's branch has the name of a group", acts: &[
        Plumb("tagboat/api", &["rev-parse", "main"]),
        Run(&["leave tagboat/api: commit by A Person …", "open tagboat/web: …"]),
        Kept("tagboat/api"),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..USUAL },
    Story { name: "a branch has the name of the branch prefix", config: "git: { commits: push }", acts: &[
        Plumb("tagboat", &["rev-parse", "main"]),
        Run(&["failed api: …"]),
        Branches(&["tagboat"]),
    ], ..USUAL },
    Story { name: "a protected branch is reported, and the rest is done", acts: &[
        Protect("tagboat/api"),
        Run(&["open tagboat/web: …", "failed api: …"]),
        Branches(&["tagboat/web"]),
    ], images: "api:1.0 api:1.1 web:2.0 web:2.1", files: BOTH, ..USUAL },
    Story { name: "superseded, and the branch is protected: closed, and the branch stays", acts: &[
        Run(&["open tagboat/api: …"]),
        Protect("tagboat/api"),
        Commit("main", "api/app.yaml", "api:1.1"),
        Run(&["failed api: cannot delete branch tagboat/api of …"]),
        Has(1, "state", "closed"),
        Has(1, "comments", "Superseded"),
    ], ..USUAL },
];

#[test]
fn pull_request_life_cycle() {
    // A part of the name of the stories to run, during development.
    let wanted = std::env::var("TAGBOAT_STORY").unwrap_or_default();
    let stories = STORIES.iter().filter(|story| story.name.contains(&wanted));
    let plays: Vec<_> = stories.flat_map(|story| story.hosts.iter().map(move |host| (story, *host))).collect();
    assert!(!plays.is_empty(), "no story has {wanted} in its name");
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let Some((story, host)) = plays.get(next.fetch_add(1, Ordering::Relaxed)) {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            // The panic is printed already. The other stories run all the same.
            if std::panic::catch_unwind(|| runtime.block_on(play(story, *host))).is_err() {
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
    assert_eq!(failed.into_inner(), 0, "of {} stories", plays.len());
}

async fn play(story: &Story, host: Option<&'static Vendor>) {
    let mut player = Player {
        title: format!("{} ({})", story.name, host.map_or("local", |vendor| vendor.name)),
        world: World::new(host, story.config, story.images, story.files).await,
        before: BTreeMap::new(),
        label: tagboat::forge::named(host.map_or("local", |vendor| vendor.name)).unwrap().label,
        lists_whole: host.is_none_or(|vendor| vendor.lists_whole),
    };
    for (at, act) in story.acts.iter().enumerate() {
        player.title = format!("{}, act {}", player.title.split(", act ").next().unwrap(), at + 1);
        player.play(act).await;
    }
}

/// A story in progress.
struct Player {
    title: String,
    world: World,
    /// Branches before the last run.
    before: BTreeMap<String, String>,
    /// The forge's name in messages, which stories write as FORGE.
    label: &'static str,
    /// See [`Vendor`].
    lists_whole: bool,
}

impl Player {
    async fn play(&mut self, act: &Act) {
        match *act {
            Build(image) => self.world.build(image),
            Lose(image) => self.world.registry.lose(image),
            Found => self.world.registry.find_all(),
            Run(said) => self.run("", said).await,
            RunBroken(said) => self.run_once("", said).await,
            Fail(method, status, times) => {
                let fail = || self.double().fail(method, Fault::Instead(answer(status)));
                (0..times).for_each(|_| fail());
            }
            Pass(method, times) => (0..times).for_each(|_| self.double().fail(method, Fault::Slow(Duration::ZERO))),
            Forget(number) => self.double().hub(|hub| hub.pull(number).unwrap().auto_merge = None),
            Lost(method, status) => self.double().fail(method, Fault::Lost(answer(status))),
            RunFor(images, said) => self.run(images, said).await,
            Merge(number) => self.world.merge(number),
            Close(number) => self.world.close(number),
            Reword(number, words) => self.world.reword(number, words, "A note", "careful"),
            Label(number, label) => self.world.edit(number, |_, _, labels| labels.push(label.to_owned())),
            Unlabel(number, label) => self.world.edit(number, |_, _, labels| labels.retain(|one| one != label)),
            Tick(number, words) => self.tick(number, words, "- [ ] ", "- [x] "),
            Untick(number, words) => self.tick(number, words, "- [x] ", "- [ ] "),
            Duplicate(number, copy) => self.world.duplicate(number, copy),
            Commit(branch, path, references) => self.world.commit(branch, path, references),
            Plumb(branch, arguments) => {
                let commit = git(&self.world.bare.path, arguments);
                git(&self.world.bare.path, &["update-ref", &format!("refs/heads/{branch}"), &commit]);
            }
            Delete(branch) => drop(git(&self.world.bare.path, &["branch", "--quiet", "-D", branch])),
            Protect(branch) => self.world.bare.hook("pre-receive", &protect(branch)),
            _ => self.look(act),
        }
    }

    /// What must be so.
    fn look(&self, act: &Act) {
        let title = &self.title;
        match *act {
            Says(object, part) => {
                let said = git(&self.world.bare.path, &["cat-file", "-p", object]);
                assert!(said.contains(part), "{title}: {said}");
            }
            Holds(branch, path, references) => {
                let is = String::from_utf8(self.world.bare.file(branch, path)).unwrap();
                assert_eq!(is, self.world.manifest(path, references), "{title}");
            }
            Kept(branch) => assert_eq!(self.world.bare.branches().get(branch), self.before.get(branch), "{title}"),
            Rebuilt(branch) => {
                let now = self.world.bare.branches();
                assert_ne!(now.get(branch), self.before.get(branch), "{title}");
                let parents = git(&self.world.bare.path, &["log", "-1", "--format=%P", branch]);
                assert_eq!(parents, now["main"], "{title}");
            }
            Branches(expected) => {
                let mut branches = self.world.bare.branches();
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
            _ => unreachable!("{title}: it happens, so it stands above"),
        }
    }

    fn field(&self, number: u64, field: &str) -> String {
        let value = self.world.pull(number)[field].clone();
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    /// Changes the box with these words, which has to be there.
    fn tick(&self, number: u64, words: &str, from: &str, to: &str) {
        self.world.edit(number, |_, body, _| {
            let line = body.lines().find(|line| line.starts_with(from) && line.contains(words)).unwrap().to_owned();
            *body = body.replace(&line, &line.replacen(from, to, 1));
        });
    }

    fn double(&self) -> &Double {
        self.world.double.as_ref().expect("a forge that is asked over HTTP")
    }

    async fn run(&mut self, images: &str, said: &[&str]) {
        self.run_once(images, said).await;
        self.once_more(images).await;
    }

    async fn run_once(&mut self, images: &str, said: &[&str]) {
        self.before = self.world.bare.branches();
        let report = self.world.run(images).await;
        self.compare(&lines(&report), said);
        for failed in &report.failed {
            assert!(failed.hint.is_some(), "{}: no hint for {failed:?}", self.title);
        }
        let mut open = self.world.open();
        open.sort();
        let count = open.len();
        open.dedup();
        assert_eq!(open.len(), count, "{}: two pull requests for one branch", self.title);
    }

    /// The same run again: nothing is left to do.
    async fn once_more(&self, images: &str) {
        let title = &self.title;
        let state = self.world.state();
        self.world.double.as_ref().inspect(|double| drop(double.take_log()));
        let report = self.world.run(images).await;
        assert!(!report.has_changes(), "{title}: the second run says {:?}", lines(&report));
        assert_eq!(self.world.state(), state, "{title}: the second run has changed something");
        if let Some(double) = &self.world.double {
            // Every run retries what failed.
            if report.failed.is_empty() {
                assert_eq!(double.writes(), [""; 0], "{title}: the second run has written");
            }
            let asked = double.take_log().into_iter().filter(|request| request.method == "GET");
            let asked = asked.map(|request| request.path).collect::<Vec<_>>();
            let most = if self.lists_whole { 3 } else { 3 + self.world.pulls().len() };
            assert!(asked.len() <= most, "{title}: the second run has asked {asked:?}");
        }
    }

    fn compare(&self, said: &[String], expected: &[&str]) {
        let same = |(said, expected): (&String, &String)| match expected.strip_suffix('…') {
            Some(start) => said.starts_with(start),
            None => said == expected,
        };
        let expected: Vec<_> = expected.iter().map(|line| line.replace("FORGE", self.label)).collect();
        let agrees = said.len() == expected.len() && said.iter().zip(&expected).all(same);
        assert!(agrees, "{}: said\n  {}\nexpected\n  {}", self.title, said.join("\n  "), expected.join("\n  "));
    }
}

fn answer(status: u16) -> Answer {
    Answer::new(status, json!({"message": "not today"}))
}

/// What GitHub answers for a protected branch.
fn protect(branch: &str) -> String {
    format!(
        "while read old new ref; do if [ \"$ref\" = refs/heads/{branch} ]; then\n\
         echo \"error: GH006: Protected branch update failed for $ref.\" >&2; exit 1\nfi; done"
    )
}
