//! One repository and its remote: gix for objects, the `git` program for the network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::refname::{BranchName, CommitId};
use crate::secret::Secret;

use super::ancestry::{self, Ancestry, BranchHistory, SearchResult};
use super::checkout::{self, Checkout};
use super::command::{Call, CommandOutput, Program};
use super::error::GitError;
use super::git::{Author, CommitInfo, Git, TreeFile};
use super::objects::Objects;
use super::options::{Options, Signing};
use super::output;
use super::refusal;
use super::remote::{Login, RedactedUrl};
use super::rewriting::{self, WrittenUrl};
use super::settings::{self, GitSetting};
use super::ssh_signing::SshSigningKey;

/// How many commits of each branch are fetched: its own commit and the parent.
const DEPTH: &str = "--depth=2";

/// The pause before a command is repeated, in milliseconds.
const RETRY_PAUSE: std::ops::Range<u64> = 1_000..2_000;

/// A manifests repository: a checkout and its remote, or a remote alone.
///
/// Fetched and created objects go into a temporary repository (see `objects.rs`); a checkout is only read.
pub struct Repository {
    objects: Objects,
    program: Program,
    /// The folder that relative paths of remotes start from.
    dir: Option<PathBuf>,
    /// The branch of the remote that the branch of the checkout tracks.
    tracked: Option<BranchName>,
    written: WrittenUrl,
    fetch: Remote,
    push: Remote,
    /// The git configuration that applies to the user here.
    settings: Vec<GitSetting>,
    signer: Option<Signer>,
    /// git locks its list of shallow commits while it fetches: two concurrent fetches would fail.
    fetching: Mutex<()>,
    history: Ancestry,
}

/// What signs commits.
enum Signer {
    /// The program that git starts.
    Git(Signing),
    /// A key in memory.
    Key(Box<SshSigningKey>),
}

/// A URL, and the login and configuration for it.
#[derive(Clone)]
struct Remote {
    /// The written URL as the user's configuration rewrites it.
    url: RedactedUrl,
    /// The same for people.
    shown: String,
    login: Option<Login>,
    settings: Vec<GitSetting>,
}

impl Repository {
    /// Opens the checkout or bare repository that contains `dir`, full, shallow or partial, with the remote of that name.
    pub async fn open(dir: &Path, remote: &str, options: Options) -> Result<Self, GitError> {
        let program = Program::find(options).await?;
        let checkout = Checkout::read(&program, dir).await?;
        let (url, push_url) = checkout.urls(remote)?;
        let (objects, tracked) = (Objects::new(checkout.lender())?, checkout.tracked_branch(remote));
        let (written, fetch, push) = Remote::read(url, push_url, &checkout.settings)?;
        let (settings, dir) = (checkout.settings, Some(dir.to_owned()));
        Ok(Self {
            tracked,
            written,
            fetch,
            push,
            settings,
            objects,
            program,
            dir,
            signer: None,
            fetching: Mutex::default(),
            history: Ancestry::default(),
        })
    }

    /// Opens a remote without a checkout, and sends no request yet. A user name or password in the URL becomes the login.
    pub async fn from_url(url: &str, options: Options) -> Result<Self, GitError> {
        let program = Program::find(options).await?;
        let objects = Objects::new(None)?;
        let settings = checkout::settings_without(&program, objects.git_dir()).await?;
        let (written, fetch, push) = Remote::read(url, None, &settings)?;
        Ok(Self {
            tracked: None,
            written,
            fetch,
            push,
            settings,
            objects,
            program,
            dir: None,
            signer: None,
            fetching: Mutex::default(),
            history: Ancestry::default(),
        })
    }

    /// Uses this login at the host of [`url`](Self::url), if that is an HTTP URL, and at no other host. Without a login, the
    /// user's own settings apply: a password in the URL, credential helpers, `GIT_ASKPASS`, a header from `actions/checkout`.
    #[must_use]
    pub fn with_login(mut self, login: &Login) -> Self {
        let Some(here) = &self.written.http_origin else { return self };
        let is_here = |remote: &&mut Remote| remote.url.http_origin().as_ref() == Some(here);
        for remote in [&mut self.fetch, &mut self.push].into_iter().filter(is_here) {
            remote.settings = settings::for_remote(&remote.url, Some(login), &self.settings);
            remote.login = Some(login.clone());
        }
        self
    }

    /// Signs every commit with this key.
    #[must_use]
    pub fn with_signing(mut self, signing: Signing) -> Self {
        self.signer = Some(Signer::Git(signing));
        self
    }

    /// Signs every commit with an SSH private key, which stays in memory.
    pub fn with_ssh_key(mut self, key: &Secret) -> Result<Self, GitError> {
        let key = SshSigningKey::parse(key).map_err(|source| GitError::SigningKey { source })?;
        self.signer = Some(Signer::Key(Box::new(key)));
        Ok(self)
    }

    /// Returns the URL or path of the remote to fetch from for people, without a password and without a user name that may be a
    /// token. The forge is detected from it.
    pub fn url(&self) -> &str {
        &self.written.shown
    }

    /// Returns each URL that came with a login, for people, and that login.
    pub fn logins_of_urls(&self) -> impl Iterator<Item = (&str, &Login)> {
        [&self.fetch, &self.push].into_iter().filter_map(|remote| Some((remote.shown.as_str(), remote.login.as_ref()?)))
    }

    /// Returns the file at a path of a commit that was fetched; `None` if there is nothing.
    ///
    /// # Errors
    /// [`GitError::NotAFile`] if the path is a folder, a symbolic link or a submodule.
    pub fn file(&self, commit: &CommitId, path: &str) -> Result<Option<TreeFile>, GitError> {
        self.objects.file(commit, path)
    }

    /// Runs a command that talks to a remote, and returns its output. Repeats it once after a failure of the server or of the
    /// connection, or if the branch is locked: reading changes nothing, and a push states the commit that it replaces.
    async fn run(&self, remote: &Remote, operation: &str, arguments: &[&str]) -> Result<String, GitError> {
        self.run_in(self.objects.git_dir(), remote, operation, arguments).await
    }

    /// Runs a command like [`run`](Self::run) in another repository.
    async fn run_in(
        &self,
        git_dir: &Path,
        remote: &Remote,
        operation: &str,
        arguments: &[&str],
    ) -> Result<String, GitError> {
        match self.run_once(git_dir, remote, operation, arguments).await {
            Err(error @ (GitError::Transient { .. } | GitError::Locked { .. })) => {
                tracing::info!("{error}; trying once more");
                tokio::time::sleep(Duration::from_millis(fastrand::u64(RETRY_PAUSE))).await;
                self.run_once(git_dir, remote, operation, arguments).await
            }
            answer => answer,
        }
    }

    async fn run_once(
        &self,
        git_dir: &Path,
        remote: &Remote,
        operation: &str,
        arguments: &[&str],
    ) -> Result<String, GitError> {
        let call = Call {
            operation: operation.to_owned(),
            dir: self.dir.as_deref(),
            git_dir: Some(git_dir),
            settings: &remote.settings,
            // For a local remote, the server side runs in our environment and reads `safe.directory` only from the files of the
            // user and of the machine.
            isolated: !remote.url.is_local(),
            environment: &[],
            login: remote.login.as_ref(),
        };
        match self.program.run(call, arguments).await? {
            answer if answer.success => Ok(answer.stdout),
            answer => Err(remote.refused(operation.to_owned(), &answer)),
        }
    }

    async fn fetch_history(&self, head: &CommitId, depth: usize) -> Result<BranchHistory, GitError> {
        let objects = Objects::new(None)?;
        let operation = format!("fetch the history of {head} from {}", self.fetch.url);
        let depth_argument = format!("--depth={depth}");
        let arguments = [&ancestry::FETCH[..], &[&depth_argument, ancestry::REMOTE, head.as_str()]].concat();
        self.run_in(objects.git_dir(), &self.fetch.named(ancestry::REMOTE), &operation, &arguments).await?;
        BranchHistory::read(&objects, head, depth)
    }

    async fn list(&self, arguments: &[&str]) -> Result<String, GitError> {
        let operation = format!("list the branches of {}", self.fetch.url);
        let mut all = vec!["ls-remote"];
        all.extend(arguments);
        self.run(&self.fetch, &operation, &all).await
    }

    async fn update(&self, what: &str, source: &str, branch: &BranchName, expected: &str) -> Result<(), GitError> {
        let operation = format!("{what} {branch} {} {}", if source.is_empty() { "of" } else { "to" }, self.push.url);
        let full = branch.full();
        let arguments = [
            "push",
            "--porcelain",
            "--no-verify",
            "--recurse-submodules=no",
            &format!("--force-with-lease={full}:{expected}"),
            "--end-of-options",
            self.push.url.as_str(),
            &format!("{source}:{full}"),
        ];
        self.run(&self.push, &operation, &arguments).await.map(drop)
    }
}

#[async_trait]
impl Git for Repository {
    async fn remote_branches(
        &self,
        base: &BranchName,
        prefix: &str,
    ) -> Result<BTreeMap<BranchName, CommitId>, GitError> {
        // `--heads` requests branches only: the tags and pull requests of a forge can be many thousands.
        let (base_ref, pattern) = (base.full(), format!("refs/heads/{prefix}*"));
        let text = self.list(&["--heads", "--end-of-options", self.fetch.url.as_str(), &base_ref, &pattern]).await?;
        Ok(output::branches(&text, base, prefix)?)
    }

    async fn default_branch(&self) -> Result<(BranchName, CommitId), GitError> {
        let text = self.list(&["--symref", "--end-of-options", self.fetch.url.as_str(), "HEAD"]).await?;
        let head =
            output::head(&text).ok_or_else(|| GitError::NoDefaultBranch { remote: self.fetch.url.to_string() })?;
        Ok(head?)
    }

    fn tracked_branch(&self) -> Option<BranchName> {
        self.tracked.clone()
    }

    async fn fetch(&self, branches: &[(BranchName, CommitId)]) -> Result<(), GitError> {
        let _one_at_a_time = self.fetching.lock().await;
        let absent: Vec<_> = branches.iter().filter(|(_, commit)| !self.objects.has(commit)).collect();
        if absent.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = absent.iter().map(|(branch, _)| branch.as_str()).collect();
        let operation = format!("fetch {} from {}", names.join(", "), self.fetch.url);
        if let Some((_, commit)) = absent.iter().find(|(_, commit)| commit.as_str().len() != 40) {
            let format = format!("{} hex digits", commit.as_str().len());
            return Err(GitError::ObjectFormat { what: self.fetch.url.to_string(), format });
        }
        let mut arguments = vec!["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
        arguments.extend([DEPTH, "--end-of-options", self.fetch.url.as_str()]);
        // By id, not by name: this fetches the listed commit even if the branch has moved.
        arguments.extend(absent.iter().map(|(_, commit)| commit.as_str()));
        self.run(&self.fetch, &operation, &arguments).await.map(drop)
    }

    fn files(&self, commit: &CommitId) -> Result<Vec<TreeFile>, GitError> {
        self.objects.files(commit)
    }

    fn read(&self, file: &TreeFile) -> Result<Vec<u8>, GitError> {
        self.objects.read(file)
    }

    fn commit_info(&self, commit: &CommitId) -> Result<CommitInfo, GitError> {
        self.objects.commit_info(commit)
    }

    async fn is_ancestor(&self, commit: &CommitId, head: &CommitId) -> Result<bool, GitError> {
        loop {
            match self.history.search(commit, head)? {
                SearchResult::Found(is_found) => return Ok(is_found),
                SearchResult::Fetch(depth) => self.history.set(self.fetch_history(head, depth).await?),
            }
        }
    }

    async fn commit(
        &self,
        base: &CommitId,
        files: &BTreeMap<Arc<str>, Vec<u8>>,
        message: &str,
        author: &Author,
        when: Timestamp,
    ) -> Result<CommitId, GitError> {
        let tree = self.objects.tree(base, files)?;
        let signing = match &self.signer {
            Some(Signer::Git(signing)) => signing,
            Some(Signer::Key(key)) => return self.objects.commit(base, tree, message, author, when, Some(key)),
            None => return self.objects.commit(base, tree, message, author, when, None),
        };
        // The user's own settings name the signing program and the location of its keys.
        let date = format!("@{} +0000", when.as_second());
        let call = Call {
            operation: format!("sign a commit with the {} key {}", signing.format, signing.key),
            dir: self.dir.as_deref(),
            git_dir: Some(self.objects.git_dir()),
            settings: &[
                ("gpg.format".to_owned(), signing.format.to_owned()),
                ("user.signingkey".to_owned(), signing.key.clone()),
            ],
            environment: &[
                ("GIT_AUTHOR_NAME", &author.name),
                ("GIT_AUTHOR_EMAIL", &author.email),
                ("GIT_AUTHOR_DATE", &date),
                ("GIT_COMMITTER_NAME", &author.name),
                ("GIT_COMMITTER_EMAIL", &author.email),
                ("GIT_COMMITTER_DATE", &date),
            ],
            ..Call::default()
        };
        let operation = call.operation.clone();
        let arguments = ["commit-tree", "-S", "-p", base.as_str(), "-m", message, &tree.to_string()];
        let answer = self.program.run(call, arguments).await?;
        if answer.success {
            return Ok(CommitId::new(answer.stdout.trim())?);
        }
        Err(GitError::SigningFailed { operation, output: refusal::message(None, &answer.stderr, &[]) })
    }

    fn signs(&self) -> bool {
        self.signer.is_some()
    }

    async fn push(&self, branch: &BranchName, commit: &CommitId, expected: Option<&CommitId>) -> Result<(), GitError> {
        // An empty expectation means that the branch must not exist (git-push(1)).
        self.update("push", commit.as_str(), branch, expected.map_or("", CommitId::as_str)).await
    }

    async fn delete(&self, branch: &BranchName, expected: &CommitId) -> Result<(), GitError> {
        match self.update("delete branch", "", branch, expected.as_str()).await {
            Err(lost @ GitError::LostRace { .. }) => {
                // git reports a branch that moved and a branch that does not exist in the same way.
                let branches = self.remote_branches(branch, branch.as_str()).await?;
                if branches.contains_key(branch) { Err(lost) } else { Ok(()) }
            }
            answer => answer,
        }
    }
}

impl Remote {
    /// Returns the URL as it is written, what to fetch from, and what to push to.
    fn read(url: &str, push_url: Option<&str>, user: &[GitSetting]) -> Result<(WrittenUrl, Self, Self), GitError> {
        let (fetched, pushed) = (rewriting::fetched(url, user), rewriting::pushed(url, push_url, user));
        let push = Self::new(&pushed, push_url.unwrap_or(url), user)?;
        Ok((WrittenUrl::new(url, user)?, Self::new(&fetched, url, user)?, push))
    }

    fn new(url: &str, written: &str, settings: &[GitSetting]) -> Result<Self, GitError> {
        let (url, login) = RedactedUrl::new(url).map_err(|error| error.after_rewriting(url != written))?;
        let settings = settings::for_remote(&url, login.as_ref(), settings);
        Ok(Self { shown: url.shown(), url, login, settings })
    }

    /// Returns the same with a name in the configuration.
    fn named(&self, name: &str) -> Self {
        let mut named = self.clone();
        named.settings.push((format!("remote.{name}.url"), self.url.as_str().to_owned()));
        named
    }

    fn refused(&self, operation: String, answer: &CommandOutput) -> GitError {
        let secrets = self.login.iter().flat_map(Login::secrets).chain(self.url.secret_user().map(str::to_owned));
        refusal::error(operation, output::refusal(&answer.stdout), &answer.stderr, &secrets.collect::<Vec<_>>())
    }
}
