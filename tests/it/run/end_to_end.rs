//! A complete run on real servers: an image built by umoci and pushed by skopeo to Debian's `docker-registry`, and manifests
//! behind `git http-backend`, both with a password. Only the forge is a double.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use tempfile::TempDir;

use crate::support::docker_registry::{DockerRegistry, run};
use crate::support::double::{Double, TOKEN};
use crate::support::git_http::{self, Server};
use crate::support::github::GITHUB;
use crate::support::process::find;
use crate::support::repository::{Bare, git, snapshot};
use crate::support::tagboat::{ProgramOutput, Tagboat};

const MANIFEST: &str = include_str!("../../../fixtures/run/end_to_end/deployment.yaml");
const CONFIG: &str = include_str!("../../../fixtures/run/end_to_end/tagboat.yaml");
const OPERATOR: &str = include_str!("../../../fixtures/run/end_to_end/operator.yaml");
const IMAGE: &str = "kostiscodefresh/simple-web-app";
const PATH: &str = "apps/web/deployment.yaml";
/// Tags and when each was built. The newest build is neither the first, nor the last, nor the greatest.
const BUILDS: &[(&str, &str)] = &[
    ("3d9b390", "2024-01-02T03:04:05Z"),
    ("0fedcba", "2024-02-02T03:04:05Z"),
    ("7a1b2c3", "2024-04-02T03:04:05Z"),
    ("ffffff0", "2024-03-02T03:04:05Z"),
    ("nightly", "2024-05-02T03:04:05Z"),
];
const GIT_PASSWORD: &str = "planted-password-of-git";
const REGISTRY_PASSWORD: &str = "planted-password-of-the-registry";

struct Servers {
    _registry: DockerRegistry,
    server: Server,
    forge: Double,
    bare: Bare,
    tagboat: Tagboat,
    _folder: TempDir,
}

/// Starts the servers. Returns `None` and records a skip if a program is absent.
fn servers() -> Option<Servers> {
    for program in ["umoci", "skopeo", "htpasswd"] {
        find(program)?;
    }
    let passwords = |folder: &Path| {
        std::fs::write(folder.join("htpasswd"), run("htpasswd", &["-Bbn", "alice", REGISTRY_PASSWORD])).unwrap();
    };
    let settings = "http: {addr: $ADDR}\nauth: {htpasswd: {realm: r, path: $DIR/htpasswd}}";
    let registry = DockerRegistry::start(settings, passwords)?;
    let login = format!("--dest-creds=alice:{REGISTRY_PASSWORD}");
    for (tag, created) in BUILDS {
        registry.push(IMAGE, &[tag], created, &[], &[&login]);
    }
    let folder = TempDir::new().unwrap();
    let bare = Bare::new(folder.path(), "gitops");
    let server = git_http::serve(folder.path(), "bot", GIT_PASSWORD)?;
    let forge = Double::start(&GITHUB, &bare.path);
    let config = OPERATOR.replace("REGISTRY", &registry.host()).replace("FORGE", &forge.api_url);
    bare.commit("main", &[("tagboat.yaml", CONFIG), (PATH, MANIFEST)], "Deploy");
    let tagboat = Tagboat::new()
        .with_config(&config)
        .with("RUST_LOG", "trace")
        .with("TAGBOAT_FORGE_TOKEN", TOKEN)
        .with("TAGBOAT_GIT_USER", "bot")
        .with("TAGBOAT_GIT_PASSWORD", GIT_PASSWORD)
        .with("ACME_USER", "alice")
        .with("ACME_PASSWORD", REGISTRY_PASSWORD);
    Some(Servers { _registry: registry, server, forge, bare, tagboat, _folder: folder })
}

impl Servers {
    fn run(&self, command: &str) -> ProgramOutput {
        let url = format!("{}/gitops.git", self.server.url);
        let output = self.tagboat.run(&[command, "-C", &url, "--format", "json"]);
        assert!(output.stderr.contains("TRACE"), "the log is written, so that the search means something");
        assert_eq!(secrets(&output.stdout), [""; 0], "on standard output");
        assert_eq!(secrets(&output.stderr), [""; 0], "in the log");
        output
    }
}

/// Returns the planted secrets in a text, in plain form or as HTTP sends them.
fn secrets(text: &str) -> Vec<String> {
    let encode = |login: &str| base64::engine::general_purpose::STANDARD.encode(login);
    let all = [
        TOKEN.to_owned(),
        GIT_PASSWORD.to_owned(),
        REGISTRY_PASSWORD.to_owned(),
        encode(&format!("bot:{GIT_PASSWORD}")),
        encode(&format!("alice:{REGISTRY_PASSWORD}")),
    ];
    all.into_iter().filter(|secret| text.contains(secret.as_str())).collect()
}

#[test]
fn opens_one_pull_request_with_one_changed_line() {
    let Some(servers) = servers() else { return };
    let checks = servers.run("check");
    assert_eq!(checks.code, 0, "{}", checks.stdout);
    let output = servers.run("run");
    assert_eq!(output.code, 0, "{output:?}");
    let report = output.json();
    assert_eq!(report["changes"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!((&report["changes"][0]["from"], &report["changes"][0]["to"]), (&"3d9b390".into(), &"7a1b2c3".into()));
    assert_eq!(report["changes"][0]["line"], 18);
    assert_eq!(report["proposals"][0]["action"], "open");
    assert_eq!(report["failed"].as_array().unwrap().len(), 0);

    let branch = report["proposals"][0]["branch"].as_str().unwrap();
    let pushed = servers.bare.file(branch, PATH);
    assert_eq!(String::from_utf8(pushed).unwrap(), MANIFEST.replace(":3d9b390", ":7a1b2c3"));
    assert!(!MANIFEST.ends_with('\n'));
    assert_eq!(git(&servers.bare.path, &["diff", "--numstat", "main", branch]), format!("1\t1\t{PATH}"));
    assert_eq!(servers.forge.host(|host| host.pulls.len()), 1);

    servers.forge.take_log();
    let (heads, again) = (servers.bare.branches(), servers.run("run"));
    assert_eq!((again.code, servers.bare.branches()), (0, heads), "{again:?}");
    assert_eq!(servers.forge.writes(), [""; 0]);
    assert!(servers.forge.take_log().len() <= 3);

    check_for_leaks(&servers);
}

/// Checks that no secret is in the pull request and in git, and that no file is left on this machine.
fn check_for_leaks(servers: &Servers) {
    let pulls = servers.forge.host(|host| format!("{:?}", host.pulls));
    assert_eq!(secrets(&pulls), [""; 0], "in the pull request");
    let objects = Command::new("git")
        .args(["cat-file", "--batch-all-objects", "--batch", "--unordered"])
        .current_dir(&servers.bare.path)
        .output()
        .unwrap();
    assert!(objects.stdout.len() > MANIFEST.len());
    assert_eq!(secrets(&String::from_utf8_lossy(&objects.stdout)), [""; 0], "in git");
    let left = snapshot(servers.tagboat.home());
    assert_eq!(left.keys().collect::<Vec<_>>(), [&servers.tagboat.home().join("tmp")], "on this machine");
}
