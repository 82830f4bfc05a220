//! Operations of a forge on its bare repository: it reads, moves and deletes branches without a working tree.

use std::process::{Command, Stdio};

use super::repository::{Bare, git_with_input, run_git};

impl Bare {
    /// Moves `base` to the head of `branch`.
    pub(crate) fn merge(&self, branch: &str, base: &str) {
        let head = self.head(branch).unwrap();
        self.git(&["update-ref", &format!("refs/heads/{base}"), &head], "");
    }

    /// Deletes a branch.
    pub(crate) fn delete(&self, branch: &str) {
        self.git(&["update-ref", "-d", &format!("refs/heads/{branch}")], "");
    }

    /// Returns the commit of a branch.
    pub(crate) fn head(&self, branch: &str) -> Option<String> {
        let prefix = format!("refs/heads/{branch} ");
        self.heads().lines().find_map(|line| Some(line.strip_prefix(&prefix)?.to_owned()))
    }

    /// Returns all branches, one per line: `refs/heads/main 0123…`.
    pub(crate) fn heads(&self) -> String {
        self.git(&["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads"], "")
    }

    /// Returns the commit of a branch by its full name.
    pub(crate) fn at_ref(&self, name: &str) -> Option<String> {
        let prefix = format!("{name} ");
        self.heads().lines().find_map(|line| Some(line.strip_prefix(&prefix)?.to_owned()))
    }

    /// Commits files on top of another commit as a forge does for an account: regular files, and a signature of the forge.
    pub(crate) fn commit_for(&self, parent: &str, files: &[(String, Vec<u8>)], message: &str) -> String {
        let index = self.path.join(format!("index-of-{parent}"));
        let index = [("GIT_INDEX_FILE", index.to_str().unwrap())];
        run_git(&self.path, &["read-tree", parent], b"", &index);
        for (path, bytes) in files {
            let blob = run_git(&self.path, &["hash-object", "-w", "--stdin"], bytes, &[]);
            run_git(
                &self.path,
                &["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")],
                b"",
                &index,
            );
        }
        let tree = run_git(&self.path, &["write-tree"], b"", &index);
        std::fs::remove_file(index[0].1).unwrap();
        let text = format!(
            "tree {tree}\nparent {parent}\nauthor tagboat-bot <1+tagboat-bot@users.noreply.github.com> 1767225600 +0000\n\
             committer GitHub <noreply@github.com> 1767225600 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n \
             wsFcBAABCAAQBQJ\n -----END PGP SIGNATURE-----\n\n{message}"
        );
        run_git(&self.path, &["hash-object", "-w", "-t", "commit", "--stdin"], text.as_bytes(), &[])
    }

    /// Moves branches, by their full names, from one commit to another: all or none. Returns the message of a hook that
    /// rejects the move.
    pub(crate) fn move_refs(&self, moves: &[(String, String, String)]) -> Result<(), String> {
        let hook = self.path.join("hooks/pre-receive");
        for (name, from, to) in if hook.exists() { moves } else { &[] } {
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

    /// Returns how many commits `head` is ahead of `base`.
    pub(crate) fn ahead(&self, base: &str, head: &str) -> usize {
        let range = format!("refs/heads/{base}..refs/heads/{head}");
        self.git(&["rev-list", "--count", &range], "").parse().unwrap()
    }

    fn git(&self, args: &[&str], input: &str) -> String {
        git_with_input(&self.path, args, input)
    }
}
