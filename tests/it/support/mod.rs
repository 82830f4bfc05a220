//! Parts that several tests share: real servers on loopback, doubles of forges, temporary repositories.

#[cfg(unix)]
pub(crate) mod certificates;
#[cfg(unix)]
pub(crate) mod docker_registry;
#[cfg(unix)]
pub(crate) mod git_http;
#[cfg(unix)]
pub(crate) mod gitops;
#[cfg(unix)]
pub(crate) mod http_double;
#[cfg(unix)]
pub(crate) mod process;
#[cfg(unix)]
pub(crate) mod proxy;
#[cfg(unix)]
pub(crate) mod racing_git;
#[cfg(unix)]
pub(crate) mod registry_content;
#[cfg(unix)]
pub(crate) mod runner_commands;
#[cfg(unix)]
pub(crate) mod secret_leaks;
#[cfg(unix)]
pub(crate) mod ssh;
#[cfg(unix)]
pub(crate) mod strace;
#[cfg(unix)]
pub(crate) mod tagboat;
#[cfg(unix)]
pub(crate) mod token_server;
#[cfg(unix)]
pub(crate) mod world;

pub(crate) mod azure_devops;
mod bare;
pub(crate) mod bitbucket_cloud;
pub(crate) mod bitbucket_data_center;
pub(crate) mod code_host;
pub(crate) mod double;
pub(crate) mod gitea;
pub(crate) mod github;
pub(crate) mod github_graphql;
pub(crate) mod gitlab;
pub(crate) mod repository;
mod skip;
pub(crate) mod source;
mod spec;
pub(crate) mod test_forge;

pub(crate) use skip::skip;

use std::path::PathBuf;

/// Folders of material that is not part of the project, and the tests that need it.
const SHARED: &[(&str, &str)] = &[
    (
        "conformance",
        "`edits`, `policy_peers` and `updatecli`: cases of the test suites of Flux, Argo CD Image Updater and updatecli",
    ),
    ("corpus", "`edits` and `rendered`: real manifests"),
    ("field", "`policy_peers`: shapes of tags in real manifests"),
    ("specs", "the doubles of forges: they check requests and responses against the API descriptions of the vendors"),
];

/// Returns a folder of [`SHARED`]: in `shared/` beside the checkout, or in the folder that `TAGBOAT_SHARED` names. Records a
/// skip if it is absent.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    assert!(SHARED.iter().any(|(name, _)| *name == folder), "{folder} is not in the list of shared material");
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let root = std::env::var_os("TAGBOAT_SHARED").map_or(beside, PathBuf::from);
    let found = Some(root.join(folder)).filter(|path| path.is_dir());
    if found.is_none() {
        skip(&format!("no shared/{folder} beside the checkout"));
    }
    found
}

/// Unpacks an archive into a temporary folder. Returns `None` and records a skip if tar cannot unpack it.
#[expect(clippy::disallowed_methods, reason = "tar unpacks material that is not part of the project")]
pub(crate) fn unpacked(archive: &std::path::Path) -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tar =
        std::process::Command::new("tar").arg("--zstd").arg("-xf").arg(archive).arg("-C").arg(folder.path()).status();
    let done = tar.is_ok_and(|status| status.success());
    if !done {
        skip(&format!("tar cannot unpack {}", archive.display()));
    }
    done.then_some(folder)
}
