//! Independent clients read the pull requests that a run reports from the doubles: the same branches, URLs and titles. So
//! the doubles fit more clients than the one of Tagboat.
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

/// Prints branch, URL and title of every open pull request.
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

/// Returns a world after a run, and one line for each pull request that the run reported.
async fn world(vendor: &'static Vendor) -> (World, Vec<String>) {
    let world = World::new(Some(vendor), "", IMAGES, FILES).await;
    let report = world.run("").await;
    let line =
        |one: &tagboat::report::ProposalRow| format!("{}\t{}\t{}", one.branch, one.url.as_ref().unwrap(), one.title);
    let mut reported: Vec<_> = report.proposals.iter().map(line).collect();
    reported.sort();
    assert_eq!(reported.len(), 2, "{reported:?}");
    (world, reported)
}

/// Returns a Python that has a module, that of Debian first; otherwise reports the skipped test.
fn python(module: &str) -> Option<PathBuf> {
    let has_module = |python: &PathBuf| {
        Command::new(python).args(["-c", &format!("import {module}")]).output().is_ok_and(|out| out.status.success())
    };
    let found = ["/usr/bin/python3", "python3"].map(PathBuf::from).into_iter().find(has_module);
    if found.is_none() {
        crate::support::skip(&format!("Python's module {module} is not installed"));
    }
    found
}

/// Returns the sorted output of a client.
fn output_lines(command: &mut Command) -> Vec<String> {
    let out = command.env("NO_PROXY", "*").output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let mut lines: Vec<_> = String::from_utf8(out.stdout).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn python_clients_read_the_reported_pull_requests() {
    for (vendor, module, script) in [(&GITHUB, "github", PYGITHUB), (&GITLAB, "gitlab", PYTHON_GITLAB)] {
        let Some(python) = python(module) else { continue };
        let (world, reported) = world(vendor).await;
        let double = world.forge.double.as_ref().unwrap();
        let arguments = ["-c", script, &double.api_url, TOKEN, double.repository];
        assert_eq!(output_lines(Command::new(python).args(arguments)), reported, "{module}");
    }
}

/// `gh` uses TLS for every server; only its configuration key `http_unix_socket` avoids that.
#[tokio::test]
async fn gh_reads_the_reported_pull_requests() {
    let Some(gh) = find("gh") else { return };
    let (world, reported) = world(&GITHUB).await;
    let double = world.forge.double.as_ref().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    forward(&socket, url::Url::parse(&double.api_url).unwrap().socket_addrs(|| None).unwrap()[0]);
    std::fs::write(folder.path().join("config.yml"), format!("http_unix_socket: {}\n", socket.display())).unwrap();
    let row = ".[] | [.head.ref, .html_url, .title] | @tsv";
    let mut command = Command::new(gh);
    command.args(["api", &format!("repos/{}/pulls", double.repository), "--jq", row]);
    command.env("GH_CONFIG_DIR", folder.path()).env("GH_HOST", "github.acme.test").env("GH_ENTERPRISE_TOKEN", TOKEN);
    assert_eq!(output_lines(&mut command), reported);
}

/// Forwards connections from a socket to an address until the test ends.
fn forward(socket: &Path, to: std::net::SocketAddr) {
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
