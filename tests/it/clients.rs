//! Other people's clients see at the doubles what we report: the same open pull requests, branches, addresses and titles.
//! So a double is not only what our own client takes for one.
#![cfg(unix)]

use std::io;
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::double::{TOKEN, Vendor};
use crate::support::github::GITHUB;
use crate::support::gitlab::GITLAB;
use crate::support::process::find;
use crate::support::world::World;

const IMAGES: &str = "api:1.0 api:1.1 web:2.0 web:2.1";
const FILES: &[(&str, &str)] = &[("api/app.yaml", "api:1.0"), ("web/app.yaml", "web:2.0")];

/// Branch, address and title of every open pull request.
const PYGITHUB: &str = "
import sys, github
client = github.Github(login_or_token=sys.argv[2], base_url=sys.argv[1])
for pull in client.get_repo(sys.argv[3]).get_pulls(state='open'):
    print(pull.head.ref, pull.html_url, pull.title, sep='\\t')
";
const PYTHON_GITLAB: &str = "
import sys, gitlab
client = gitlab.Gitlab(sys.argv[1].split('/api/')[0], oauth_token=sys.argv[2])
for pull in client.projects.get(sys.argv[3], lazy=True).mergerequests.list(state='opened', all=True):
    print(pull.source_branch, pull.web_url, pull.title, sep='\\t')
";

/// A world after a run, and what the run reported of each pull request.
async fn world(vendor: &'static Vendor) -> (World, Vec<String>) {
    let world = World::new(Some(vendor), "", IMAGES, FILES).await;
    let report = world.run("").await;
    let line =
        |one: &tagboat::report::ProposalRow| format!("{}\t{}\t{}", one.branch, one.url.as_ref().unwrap(), one.title);
    let mut told: Vec<_> = report.proposals.iter().map(line).collect();
    told.sort();
    assert_eq!(told.len(), 2, "{told:?}");
    (world, told)
}

/// Debian's Python, which has Debian's packages, with a module; or a word that it is absent.
fn python(module: &str) -> Option<PathBuf> {
    let there = |python: &PathBuf| {
        Command::new(python).args(["-c", &format!("import {module}")]).output().is_ok_and(|out| out.status.success())
    };
    let found = ["/usr/bin/python3", "python3"].map(PathBuf::from).into_iter().find(there);
    if found.is_none() {
        crate::support::skip(&format!("Python's module {module} is not installed"));
    }
    found
}

/// What a client prints, sorted.
fn seen(command: &mut Command) -> Vec<String> {
    let out = command.env("NO_PROXY", "*").output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let mut lines: Vec<_> = String::from_utf8(out.stdout).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn python_clients_see_what_we_report() {
    for (vendor, module, script) in [(&GITHUB, "github", PYGITHUB), (&GITLAB, "gitlab", PYTHON_GITLAB)] {
        let Some(python) = python(module) else { continue };
        let (world, told) = world(vendor).await;
        let double = world.forge.double.as_ref().unwrap();
        let arguments = ["-c", script, &double.api_url, TOKEN, double.repository];
        assert_eq!(seen(Command::new(python).args(arguments)), told, "{module}");
    }
}

/// `gh` asks every server over TLS, but for a socket of this machine that is set in its configuration.
#[tokio::test]
async fn gh_sees_what_we_report() {
    let Some(gh) = find("gh") else { return };
    let (world, told) = world(&GITHUB).await;
    let double = world.forge.double.as_ref().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    pass_on(&socket, url::Url::parse(&double.api_url).unwrap().socket_addrs(|| None).unwrap()[0]);
    std::fs::write(folder.path().join("config.yml"), format!("http_unix_socket: {}\n", socket.display())).unwrap();
    let row = ".[] | [.head.ref, .html_url, .title] | @tsv";
    let mut command = Command::new(gh);
    command.args(["api", &format!("repos/{}/pulls", double.repository), "--jq", row]);
    command.env("GH_CONFIG_DIR", folder.path()).env("GH_HOST", "github.acme.test").env("GH_ENTERPRISE_TOKEN", TOKEN);
    assert_eq!(seen(&mut command), told);
}

/// Passes connections to a socket on to an address, for as long as the test runs.
fn pass_on(socket: &Path, to: std::net::SocketAddr) {
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        for near in listener.incoming() {
            let (near, far) = (near.unwrap(), TcpStream::connect(to).unwrap());
            let (mut from_near, mut to_far): (UnixStream, _) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            std::thread::spawn(move || io::copy(&mut from_near, &mut to_far));
            std::thread::spawn(move || {
                let (mut from_far, mut to_near) = (far, near);
                let _ = io::copy(&mut from_far, &mut to_near);
                let _ = to_near.shutdown(Shutdown::Both);
            });
        }
    });
}
