//! Pull requests as files in a folder: `0001.md` for people, `0001.json` for the next run. For trials, for tests, and where
//! there is no forge. A person merges or closes a pull request by setting `state` in the JSON file.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::forge::error::ForgeError;
use crate::forge::forge::{Access, Attached, Difference, Forge, ForgeKind, PullRequestComment};
use crate::forge::limits::{CreationRules, Limits};
use crate::forge::remote::{Address, RemoteUrl};
use crate::forge::settings::ConnectionSettings;
use crate::forge::token_variable::TokenVariable;
use crate::plan::{Metadata, Proposal, PullRequest, PullRequestState};
use crate::refname::BranchName;
use crate::temporary::{NEW_FILES, NewFile, remove_abandoned};

/// Its row in the table.
pub(super) const KIND: ForgeKind = ForgeKind {
    name: "local",
    label: "the local forge",
    about: "files in a folder: for trials, for tests, and where there is no forge",
    recognizes,
    address,
    api_path: "",
    repository_paths: &[],
    limits: LIMITS,
    token_variables: TOKEN_VARIABLES,
    other_job_tokens: &[],
    credentials: &[],
    permissions: "",
    creation: CreationRules {
        exists: "already exists",
        branch_not_visible: "the branch is not visible yet",
        overwrites: false,
    },
    links: None,
    run_pages: &[],
    connect,
};

/// Files need no token.
const TOKEN_VARIABLES: &[TokenVariable] = &[];

/// There is no server that could merge.
const LIMITS: Limits = Limits { auto_merge: false, ..Limits::all(usize::MAX, usize::MAX) };

/// Recognizes no remote: only the configuration selects this forge.
fn recognizes(_: &RemoteUrl) -> bool {
    false
}

/// Returns `None`: the configuration names the folder.
fn address(_: &RemoteUrl) -> Option<Address> {
    None
}

/// Connects to a folder, which is created when the first pull request is opened.
fn connect(settings: ConnectionSettings) -> Result<Box<dyn Forge>, ForgeError> {
    let Address { api: folder, repository } = settings.address;
    // An address would become a folder of that name, and `..` in it would lead anywhere.
    if folder.is_empty() || folder.contains("://") {
        return Err(ForgeError::Settings { reason: "the local forge needs a folder, not a URL".to_owned() });
    }
    remove_abandoned(Path::new(&folder), &NEW_FILES);
    Ok(Box::new(Local { folder: folder.into(), repository }))
}

struct Local {
    folder: PathBuf,
    repository: String,
}

/// The content of a JSON file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct PullRequestFile {
    number: u64,
    state: State,
    branch: String,
    base: String,
    title: String,
    body: String,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    reviewers: Vec<String>,
    #[serde(default)]
    team_reviewers: Vec<String>,
    #[serde(default)]
    assignees: Vec<String>,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    comments: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Open,
    Merged,
    Closed,
}

/// The states, for messages.
const STATES: &str = "open, merged or closed";

#[async_trait]
impl Forge for Local {
    fn kind(&self) -> &'static ForgeKind {
        &KIND
    }

    async fn open_pull_requests(&self, prefix: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let records = self.read_all()?.into_iter();
        let open = records.filter(|record| record.state == State::Open && record.branch.starts_with(prefix));
        open.map(|record| self.observe(&record)).collect()
    }

    async fn closed_pull_requests(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        let records = self.read_all()?.into_iter().rev();
        let closed = records.filter(|record| record.state != State::Open && record.branch == branch.as_str());
        closed.map(|record| self.observe(&record)).collect()
    }

    async fn find_open(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        self.open_records(branch)?.iter().map(|record| self.observe(record)).collect()
    }

    async fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let _lock = self.lock()?;
        let mut open = self.open_records(&proposal.branch)?.into_iter();
        if let Some(existing) = open.find(|record| record.base == proposal.base.as_str()) {
            let action = format!("open a pull request for {}", proposal.branch);
            let message = format!("number {} {}", existing.number, KIND.creation.exists);
            return Err(ForgeError::Refused { action, status: None, message });
        }
        let record = PullRequestFile {
            number: self.read_all()?.last().map_or(1, |last| last.number + 1),
            state: State::Open,
            branch: proposal.branch.as_str().to_owned(),
            base: proposal.base.as_str().to_owned(),
            title: proposal.title.clone(),
            body: proposal.body.clone(),
            labels: Vec::new(),
            reviewers: Vec::new(),
            team_reviewers: Vec::new(),
            assignees: Vec::new(),
            draft: proposal.extras.draft,
            comments: Vec::new(),
        };
        self.write(&record)?;
        self.observe(&record)
    }

    async fn attach(&self, existing: &PullRequest, missing: &Metadata) -> Attached {
        let attached = self.change(existing.number, |record| {
            let lists = [
                (&mut record.labels, &missing.labels),
                (&mut record.reviewers, &missing.reviewers),
                (&mut record.team_reviewers, &missing.team_reviewers),
                (&mut record.assignees, &missing.assignees),
            ];
            for (has, missing) in lists {
                let new = missing.iter().filter(|name| !has.contains(name)).cloned().collect::<Vec<_>>();
                has.extend(new);
            }
        });
        match attached {
            Ok(_) => Attached { done: missing.clone(), warnings: Vec::new() },
            Err(error) => Attached { done: Metadata::default(), warnings: vec![error] },
        }
    }

    async fn edit(&self, existing: &PullRequest, difference: &Difference<'_>) -> Result<PullRequest, ForgeError> {
        self.change(existing.number, |record| {
            let fields = [
                (&mut record.title, difference.title),
                (&mut record.body, difference.body),
                (&mut record.base, difference.base.map(BranchName::as_str)),
            ];
            for (field, value) in fields {
                if let Some(value) = value {
                    value.clone_into(field);
                }
            }
        })
    }

    async fn close_with(&self, existing: &PullRequest, body: &str) -> Result<PullRequest, ForgeError> {
        self.change(existing.number, |record| {
            record.state = State::Closed;
            body.clone_into(&mut record.body);
        })
    }

    async fn comments(&self, existing: &PullRequest) -> Result<Vec<PullRequestComment>, ForgeError> {
        let _lock = self.lock()?;
        let texts = self.read(&self.path(existing.number, "json"))?.comments;
        Ok((0..).zip(texts).map(|(id, text)| PullRequestComment { id, text }).collect())
    }

    /// Adds no comment twice: the record is locked.
    async fn comment(&self, existing: &PullRequest, text: &str) -> Result<u64, ForgeError> {
        let mut id = 0;
        self.change(existing.number, |record| {
            id = record.comments.iter().position(|one| one == text).unwrap_or(record.comments.len());
            if id == record.comments.len() {
                record.comments.push(text.to_owned());
            }
        })?;
        Ok(id as u64)
    }

    /// Deletes nothing, as no comment is added twice.
    async fn delete_comment(&self, _: &PullRequest, _: u64) -> Result<(), ForgeError> {
        Ok(())
    }

    async fn check(&self) -> Result<Access, ForgeError> {
        self.probe()?;
        self.read_all()?;
        Ok(Access { user: None, rights: vec!["files in a folder".to_owned()], remaining: None, new_name: None })
    }

    fn requests(&self) -> u64 {
        0
    }
}

impl Local {
    /// Returns an error if the folder cannot be written, or cannot be created where it has to be. Leaves nothing behind.
    fn probe(&self) -> Result<(), ForgeError> {
        let action = if self.folder.exists() { "write to" } else { "create" };
        let existing = self.folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new(""));
        let probed = NewFile::beside(&existing.join("check"), 0o600);
        probed.map(drop).map_err(|error| failed(action, &self.folder, &error))
    }

    /// Locks the folder until the file is closed. Other runs wait for the lock.
    fn lock(&self) -> Result<File, ForgeError> {
        let path = self.folder.join(".lock");
        let lock = || {
            std::fs::create_dir_all(&self.folder)?;
            refuse_links(&path)?;
            let file = File::options().create(true).append(true).open(&path)?;
            file.lock().map(|()| file)
        };
        lock().map_err(|error| failed("lock", &path, &error))
    }

    /// Changes a record under the lock.
    fn change(&self, number: u64, change: impl FnOnce(&mut PullRequestFile)) -> Result<PullRequest, ForgeError> {
        let _lock = self.lock()?;
        let mut record = self.read(&self.path(number, "json"))?;
        change(&mut record);
        self.write(&record)?;
        self.observe(&record)
    }

    fn open_records(&self, branch: &BranchName) -> Result<Vec<PullRequestFile>, ForgeError> {
        let is_open = |record: &PullRequestFile| record.state == State::Open && record.branch == branch.as_str();
        Ok(self.read_all()?.into_iter().filter(is_open).collect())
    }

    fn path(&self, number: u64, extension: &str) -> PathBuf {
        self.folder.join(format!("{number:04}.{extension}"))
    }

    /// Returns all records, by number. A record that cannot be read is an error: it may be the wanted one.
    fn read_all(&self) -> Result<Vec<PullRequestFile>, ForgeError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &self.folder, &error)),
        };
        let mut records = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| failed("read", &self.folder, &error))?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                records.push(self.read(&path)?);
            }
        }
        records.sort_by_key(|record| record.number);
        Ok(records)
    }

    fn read(&self, path: &Path) -> Result<PullRequestFile, ForgeError> {
        let bytes = refuse_links(path).and_then(|()| std::fs::read(path));
        let bytes = bytes.map_err(|error| failed("read", path, &error))?;
        let record: PullRequestFile = serde_json::from_slice(&bytes).map_err(|error| {
            // The text of the error could quote a secret, as the file may be any other, so it has only the position.
            let place = format!("line {}, column {}", error.line(), error.column());
            failed("read", path, &format!("invalid record of a pull request at {place}; its state is {STATES}"))
        })?;
        if path != self.path(record.number, "json") {
            return Err(failed(
                "read",
                path,
                &format!("the record has the number {}, which differs from the file name", record.number),
            ));
        }
        Ok(record)
    }

    /// Writes both files, each atomically. The record is the last one: after an interruption before it, the next run makes the same
    /// change again, and the page, too.
    fn write(&self, record: &PullRequestFile) -> Result<(), ForgeError> {
        let json = serde_json::to_string_pretty(record).map_err(|error| failed("write", &self.folder, &error))? + "\n";
        self.put(&self.path(record.number, "md"), &page(record, &self.repository))?;
        self.put(&self.path(record.number, "json"), &json)
    }

    fn put(&self, path: &Path, text: &str) -> Result<(), ForgeError> {
        let write = || {
            let mut new = NewFile::beside(path, 0o666)?;
            new.write_all(text.as_bytes())?;
            new.replace()
        };
        write().map_err(|error: std::io::Error| failed("write", path, &error))
    }

    fn observe(&self, record: &PullRequestFile) -> Result<PullRequest, ForgeError> {
        let page = self.path(record.number, "md");
        let branch = |name: &str| BranchName::new(name).map_err(|error| failed("read", &page, &error));
        let absolute = std::path::absolute(&page).unwrap_or_else(|_| page.clone());
        let url = url::Url::from_file_path(absolute).map_or_else(|()| page.display().to_string(), String::from);
        Ok(PullRequest {
            number: record.number,
            url,
            branch: branch(&record.branch)?,
            base: branch(&record.base)?,
            state: match record.state {
                State::Open => PullRequestState::Open,
                State::Merged => PullRequestState::Merged,
                State::Closed => PullRequestState::Closed,
            },
            head: None,
            title: record.title.clone(),
            body: record.body.clone(),
            labels: record.labels.clone(),
        })
    }
}

/// The Markdown page of a record.
fn page(record: &PullRequestFile, repository: &str) -> String {
    let state = match record.state {
        State::Open if record.draft => "draft",
        State::Open => "open",
        State::Merged => "merged",
        State::Closed => "closed",
    };
    let repository = if repository.is_empty() { String::new() } else { format!(" in {repository}") };
    let mut page = format!(
        "# {} (#{})\n\n**{state}**: `{}` into `{}`{repository}\n",
        record.title, record.number, record.branch, record.base
    );
    let people = [
        ("Labels", &record.labels),
        ("Reviewers", &record.reviewers),
        ("Teams", &record.team_reviewers),
        ("Assignees", &record.assignees),
    ];
    let lines = people.iter().filter(|(_, names)| !names.is_empty());
    let lines: String = lines.map(|(what, names)| format!("{what}: {}  \n", names.join(", "))).collect();
    if !lines.is_empty() {
        page.push_str(&format!("\n{lines}"));
    }
    page.push_str(&format!("\n---\n\n{}\n", record.body.trim_end()));
    for comment in &record.comments {
        page.push_str(&format!("\n---\n\n> {}\n", comment.replace('\n', "\n> ")));
    }
    page
}

/// Checks that something is a regular file or does not exist: a pull request may have added a link to a file elsewhere.
fn refuse_links(path: &Path) -> std::io::Result<()> {
    match path.symlink_metadata() {
        Ok(metadata) if !metadata.is_file() => Err(std::io::Error::other("it is not a regular file")),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn failed(action: &'static str, path: &Path, reason: &dyn std::fmt::Display) -> ForgeError {
    ForgeError::File { action, path: path.to_owned(), reason: reason.to_string() }
}
