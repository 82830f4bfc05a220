//! A bare git repository that forge doubles stand on: branches are made, moved and deleted without a working tree.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A bare repository on disk.
#[derive(Clone, Debug)]
pub(crate) struct Bare {
    path: PathBuf,
}

impl Bare {
    /// Makes one, with a first commit on `main`.
    pub(crate) fn create(path: &Path) -> Self {
        let bare = Self { path: path.to_owned() };
        std::fs::create_dir_all(path).unwrap();
        bare.git(&["init", "--quiet", "--bare", "--initial-branch=main"], "");
        bare.commit("main", "first");
        bare
    }

    /// Takes one that is there.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Adds a commit to a branch; a branch that isn't there starts from `main`.
    pub(crate) fn commit(&self, branch: &str, text: &str) -> String {
        let blob = self.git(&["hash-object", "-w", "--stdin"], text);
        let tree = self.git(&["mktree"], &format!("100644 blob {blob}\tfile\n"));
        let mut args = vec!["commit-tree", &tree, "-m", text];
        let parent = self.head(branch).or_else(|| self.head("main"));
        if let Some(parent) = &parent {
            args.extend(["-p", parent]);
        }
        let commit = self.git(&args, "");
        self.git(&["update-ref", &format!("refs/heads/{branch}"), &commit], "");
        commit
    }

    /// Moves `base` to where `branch` is.
    pub(crate) fn merge(&self, branch: &str, base: &str) {
        let head = self.head(branch).unwrap();
        self.git(&["update-ref", &format!("refs/heads/{base}"), &head], "");
    }

    /// Deletes a branch.
    pub(crate) fn delete(&self, branch: &str) {
        self.git(&["update-ref", "-d", &format!("refs/heads/{branch}")], "");
    }

    /// The commit of a branch.
    pub(crate) fn head(&self, branch: &str) -> Option<String> {
        let prefix = format!("refs/heads/{branch} ");
        self.heads().lines().find_map(|line| Some(line.strip_prefix(&prefix)?.to_owned()))
    }

    /// All branches, a line each: `refs/heads/main 0123…`.
    pub(crate) fn heads(&self) -> String {
        self.git(&["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads"], "")
    }

    /// What a branch points at, by its whole name.
    pub(crate) fn at_ref(&self, name: &str) -> Option<String> {
        let prefix = format!("{name} ");
        self.heads().lines().find_map(|line| Some(line.strip_prefix(&prefix)?.to_owned()))
    }

    /// Commits files on top of another commit, as a host does it for somebody: plain files, whatever they were, and a
    /// signature of its own.
    pub(crate) fn commit_for(&self, parent: &str, files: &[(String, Vec<u8>)], message: &str) -> String {
        let index = self.path.join(format!("index-of-{parent}"));
        let index = [("GIT_INDEX_FILE", index.to_str().unwrap())];
        self.run(&["read-tree", parent], b"", &index);
        for (path, bytes) in files {
            let blob = self.run(&["hash-object", "-w", "--stdin"], bytes, &[]);
            self.run(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")], b"", &index);
        }
        let tree = self.run(&["write-tree"], b"", &index);
        std::fs::remove_file(index[0].1).unwrap();
        let text = format!(
            "tree {tree}\nparent {parent}\nauthor tagboat-bot <1+tagboat-bot@users.noreply.github.com> 1767225600 +0000\n\
             committer GitHub <noreply@github.com> 1767225600 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n \
             wsFcBAABCAAQBQJ\n -----END PGP SIGNATURE-----\n\n{message}"
        );
        self.run(&["hash-object", "-w", "-t", "commit", "--stdin"], text.as_bytes(), &[])
    }

    /// Moves branches, by their whole names, from and to; all or none. Says why not.
    pub(crate) fn move_refs(&self, moves: &[(String, String, String)]) -> Result<(), String> {
        let hook = self.path.join("hooks/pre-receive");
        for (name, from, to) in moves.iter().filter(|_| hook.exists()) {
            let child = Command::new("sh").arg(&hook).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
            let mut child = child.unwrap();
            std::io::Write::write_all(&mut child.stdin.take().unwrap(), format!("{from} {to} {name}\n").as_bytes())
                .ok();
            let output = child.wait_with_output().unwrap();
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
            }
        }
        let line = |(name, from, to): &(String, String, String)| format!("update {name} {to} {from}\n");
        self.git(&["update-ref", "--stdin"], &moves.iter().map(line).collect::<String>());
        Ok(())
    }

    /// Commits of `head` that `base` lacks.
    pub(crate) fn ahead(&self, base: &str, head: &str) -> usize {
        let range = format!("refs/heads/{base}..refs/heads/{head}");
        self.git(&["rev-list", "--count", &range], "").parse().unwrap()
    }

    fn git(&self, args: &[&str], input: &str) -> String {
        self.run(args, input.as_bytes(), &[])
    }

    fn run(&self, args: &[&str], input: &[u8], environment: &[(&str, &str)]) -> String {
        let mut child = Command::new("git")
            .arg("-C")
            .arg(&self.path)
            .args(["-c", "user.name=test", "-c", "user.email=test@example.test"])
            .args(args)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "git {args:?} failed");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }
}
