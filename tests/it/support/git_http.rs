//! A git server over HTTP with basic auth: `git http-backend` behind lighttpd, as the small ones of this world run.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::process::{Process, find, free_port};
use super::repository::git;

/// A running server.
pub(crate) struct Server {
    /// `http://127.0.0.1:PORT/git`, without a slash at the end: below it are the repositories of the folder, for those
    /// with the password.
    pub(crate) url: String,
    /// The URL for anonymous reads; git rejects anonymous pushes.
    pub(crate) public_url: String,
    /// What is below this is sent on to another server, given with [`serve_redirecting`].
    pub(crate) moved_url: String,
    _process: Process,
    _dir: TempDir,
}

/// Serves the bare repositories in a folder. Returns `None` and records a skip if lighttpd is not installed.
pub(crate) fn serve(parent: &Path, user: &str, password: &str) -> Option<Server> {
    serve_redirecting(parent, user, password, "")
}

/// A change of a repository while a client reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    /// The version of the protocol that the server offers: 0 or 2.
    pub(crate) protocol: u8,
    /// The number of the request before which the repository changes; 0 is the first one.
    pub(crate) request: usize,
    /// A command of the shell, which runs in the folder of the repositories.
    pub(crate) command: &'a str,
}

/// Serves a folder like [`serve`], and changes it once.
pub(crate) fn serve_changing(parent: &Path, change: Change<'_>) -> Option<Server> {
    let dir = TempDir::new().unwrap();
    let Change { protocol, request, command } = change;
    let script = format!(
        r#"#!/bin/sh
cd {root}
number=$(cat {dir}/number || echo 0)
echo $((number + 1)) > {dir}/number
if [ $number = {request} ]; then ({command}) >&2; fi
if [ {protocol} = 0 ]; then unset HTTP_GIT_PROTOCOL GIT_PROTOCOL; fi
exec {backend}
"#,
        root = parent.display(),
        dir = dir.path().display(),
        backend = backend(parent).display(),
    );
    let file = dir.path().join("backend");
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    start(dir, parent, "user", "password", "", &file)
}

/// Serves a folder like [`serve`], and redirects requests below `moved_url` to `elsewhere`.
pub(crate) fn serve_redirecting(parent: &Path, user: &str, password: &str, elsewhere: &str) -> Option<Server> {
    start(TempDir::new().unwrap(), parent, user, password, elsewhere, &backend(parent))
}

fn backend(parent: &Path) -> PathBuf {
    PathBuf::from(git(parent, &["--exec-path"])).join("git-http-backend")
}

fn start(dir: TempDir, parent: &Path, user: &str, password: &str, elsewhere: &str, backend: &Path) -> Option<Server> {
    let (lighttpd, port) = (find("lighttpd")?, free_port());
    let passwords = dir.path().join("passwords");
    fs::write(&passwords, format!("{user}:{password}\n")).unwrap();
    let configuration = format!(
        r#"
server.modules = ("mod_auth", "mod_authn_file", "mod_alias", "mod_redirect", "mod_setenv", "mod_cgi")
server.document-root = "{dir}"
server.bind = "127.0.0.1"
server.port = {port}
alias.url = ("/git" => "{backend}", "/public" => "{backend}")
auth.backend = "plain"
auth.backend.plain.userfile = "{passwords}"
auth.require = ("/git/" => ("method" => "basic", "realm" => "git", "require" => "valid-user"))
url.redirect = ("^/moved/(.*)$" => "{elsewhere}/$1")
$HTTP["url"] =~ "^/(git|public)/" {{
  cgi.assign = ("" => "")
  setenv.set-environment = ("GIT_PROJECT_ROOT" => "{root}", "GIT_HTTP_EXPORT_ALL" => "1", "HOME" => "{dir}")
}}
"#,
        dir = dir.path().display(),
        backend = backend.display(),
        passwords = passwords.display(),
        root = parent.display(),
    );
    let file = dir.path().join("lighttpd.conf");
    fs::write(&file, configuration).unwrap();
    let process = Process::start(&lighttpd, ["-D".as_ref(), "-f".as_ref(), file.as_os_str()], port);
    let url = |path| format!("http://127.0.0.1:{port}/{path}");
    Some(Server { url: url("git"), public_url: url("public"), moved_url: url("moved"), _process: process, _dir: dir })
}
