//! Temporary git repositories, created by the program git without the configuration of this machine.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs git in a folder and returns what it prints, without the newline at the end.
///
/// # Panics
/// If git fails.
pub(crate) fn git(dir: &Path, arguments: &[&str]) -> String {
    run_git(dir, arguments, b"", &[])
}

/// Runs git as [`git`] does, with text on its standard input.
pub(crate) fn git_with_input(dir: &Path, arguments: &[&str], input: &str) -> String {
    run_git(dir, arguments, input.as_bytes(), &[])
}

/// Runs git as [`git`] does, with bytes on its standard input and more environment variables.
pub(crate) fn run_git(dir: &Path, arguments: &[&str], input: &[u8], environment: &[(&str, &str)]) -> String {
    let mut child = Command::new("git")
        .args(arguments)
        .current_dir(dir)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "A Person")
        .env("GIT_AUTHOR_EMAIL", "person@example.com")
        .env("GIT_COMMITTER_NAME", "A Person")
        .env("GIT_COMMITTER_EMAIL", "person@example.com")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("git is installed");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?} in {}: {stderr}", dir.display());
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// A bare repository, as on a server, with the default branch `main`.
#[derive(Clone, Debug)]
pub(crate) struct Bare {
    /// The folder of the repository.
    pub(crate) path: PathBuf,
}

impl Bare {
    /// Opens a repository that exists.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Creates `NAME.git` in a folder. Over HTTP, users with a password can push.
    pub(crate) fn new(parent: &Path, name: &str) -> Self {
        let path = parent.join(format!("{name}.git"));
        git(parent, &["init", "--quiet", "--bare", "--initial-branch=main", path.to_str().unwrap()]);
        Self { path }
    }

    /// Commits files (path, contents) on a branch and returns the id of the commit. A new branch starts from `main`.
    pub(crate) fn commit(&self, branch: &str, files: &[(&str, &str)], message: &str) -> String {
        let files: Vec<_> = files.iter().map(|(path, contents)| ("100644", *path, *contents)).collect();
        self.commit_modes(branch, &files, message)
    }

    /// Commits files with modes: `100755` is an executable file, `120000` is a symbolic link.
    pub(crate) fn commit_modes(&self, branch: &str, files: &[(&str, &str, &str)], message: &str) -> String {
        let mut input = format!(
            "commit refs/heads/{branch}\ncommitter A Person <person@example.com> 1700000000 +0000\ndata {}\n{message}\n",
            message.len()
        );
        let branches = self.branches();
        if let Some(parent) = [branch, "main"].into_iter().find(|name| branches.contains_key(*name)) {
            input += &format!("from refs/heads/{parent}^0\n");
        }
        for (mode, path, contents) in files {
            input += &format!("M {mode} inline {path}\ndata {}\n{contents}\n", contents.len());
        }
        git_with_input(&self.path, &["fast-import", "--quiet"], &input);
        self.branches()[branch].clone()
    }

    /// Returns branches and their commits.
    pub(crate) fn branches(&self) -> BTreeMap<String, String> {
        let text = git(&self.path, &["for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads"]);
        text.lines().filter_map(|line| line.split_once(' ')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
    }

    /// Returns the bytes of a file on a branch.
    pub(crate) fn file(&self, branch: &str, path: &str) -> Vec<u8> {
        let output = Command::new("git")
            .args(["cat-file", "blob", &format!("refs/heads/{branch}:{path}")])
            .current_dir(&self.path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{path} on {branch}");
        output.stdout
    }

    /// Installs a shell script as a hook.
    #[cfg(unix)]
    pub(crate) fn hook(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path.join("hooks").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Returns the `file://…` URL, which git treats as a remote: unlike with a path, `--depth` applies.
    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.path.display())
    }
}

/// Returns every file below a folder with its bytes, to compare before and after.
pub(crate) fn snapshot(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let (path, kind) = entry.map(|entry| (entry.path(), entry.file_type().unwrap())).unwrap();
            if kind.is_dir() {
                folders.push(path.clone());
                all.insert(path, Vec::new());
            } else if kind.is_file() {
                all.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    all
}
