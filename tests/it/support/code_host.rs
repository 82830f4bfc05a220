//! The state that every code host keeps and the requests that it rejects, over a real bare repository. The double of a
//! vendor serves its API on top of it.

use super::repository::Bare;

/// The state of a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Merged,
    Closed,
}

/// A pull request as a code host keeps it.
/// A comment on a pull request.
#[derive(Clone, Debug)]
pub(crate) struct Comment {
    /// Unique in the host; grows with time.
    pub(crate) id: u64,
    pub(crate) text: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Pull {
    pub(crate) number: u64,
    pub(crate) head: String,
    pub(crate) base: String,
    pub(crate) sha: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) state: State,
    pub(crate) draft: bool,
    pub(crate) labels: Vec<String>,
    pub(crate) reviewers: Vec<String>,
    pub(crate) teams: Vec<String>,
    pub(crate) assignees: Vec<String>,
    pub(crate) comments: Vec<Comment>,
    /// How many comments were ever added.
    pub(crate) commented: u64,
    /// Whether the branch is in a fork.
    pub(crate) fork: bool,
    /// The method of auto-merge, once it is enabled.
    pub(crate) auto_merge: Option<String>,
    /// Whether a pipeline runs for it.
    pub(crate) pipeline: bool,
    /// Grows with every write, for hosts that require the version that a write is for.
    pub(crate) version: u64,
}

/// The reason why a pull request cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    NoHead,
    NoBase,
    NoCommits,
    Exists(u64),
}

/// An App that is installed on the repository.
#[derive(Clone, Debug)]
pub(crate) struct InstalledApp {
    pub(crate) id: String,
    /// Modulus and exponent, as in RFC 8017.
    pub(crate) public_key: Vec<u8>,
    /// The only valid token.
    pub(crate) token: String,
    /// How many tokens were issued.
    pub(crate) issued: u32,
    /// The lifetime of a token in seconds.
    pub(crate) lifetime: i64,
}

/// The state of one repository at a code host.
#[derive(Debug)]
pub(crate) struct CodeHost {
    pub(crate) bare: Bare,
    pub(crate) pulls: Vec<Pull>,
    /// Users who can review or be assigned.
    pub(crate) people: Vec<String>,
    /// Labels of the repository, for hosts on which a pull request creates none.
    pub(crate) labels: Vec<String>,
    pub(crate) archived: bool,
    /// The full name to which the repository was renamed.
    pub(crate) new_name: Option<&'static str>,
    /// Whether pull requests can be drafts.
    pub(crate) drafts: bool,
    /// The author of new pull requests.
    pub(crate) author: String,
    /// Whether a pull request closes when its branch is deleted.
    pub(crate) closes_with_branch: bool,
    /// The App that can request tokens.
    pub(crate) app: Option<InstalledApp>,
    /// Whether a push to the branch of a pull request disables its auto-merge.
    pub(crate) push_disables_auto_merge: bool,
    /// Branches that were pushed but are not visible yet, and for how many more requests.
    pub(crate) unseen: Vec<(String, u32)>,
}

impl CodeHost {
    pub(crate) fn new(bare: Bare) -> Self {
        let people = ["rita", "sam", "deployers"].map(str::to_owned).to_vec();
        Self {
            bare,
            pulls: vec![],
            people,
            labels: vec!["deploy".into()],
            archived: false,
            new_name: None,
            drafts: true,
            author: "tagboat-bot".into(),
            app: None,
            closes_with_branch: true,
            push_disables_auto_merge: false,
            unseen: vec![],
        }
    }

    /// Updates pull requests after a push: heads follow their branches, and on some hosts a pull request closes if its branch
    /// is deleted.
    pub(crate) fn follow_branches(&mut self) {
        let heads = self.bare.heads();
        for pull in self.pulls.iter_mut().filter(|pull| pull.state == State::Open && !pull.fork) {
            let prefix = format!("refs/heads/{} ", pull.head);
            match heads.lines().find_map(|line| line.strip_prefix(&prefix)) {
                Some(sha) => {
                    if self.push_disables_auto_merge && sha != pull.sha {
                        pull.auto_merge = None;
                    }
                    sha.clone_into(&mut pull.sha);
                }
                None if self.closes_with_branch => pull.state = State::Closed,
                None => {}
            }
        }
    }

    pub(crate) fn pull(&mut self, number: u64) -> Option<&mut Pull> {
        self.pulls.iter_mut().find(|pull| pull.number == number)
    }

    pub(crate) fn open(&mut self, head: &str, base: &str, title: &str, body: &str) -> Result<&mut Pull, Refused> {
        if let Some((_, times)) = self.unseen.iter_mut().find(|(name, times)| name == head && *times > 0) {
            *times -= 1;
            return Err(Refused::NoHead);
        }
        let sha = self.bare.head(head).ok_or(Refused::NoHead)?;
        self.bare.head(base).ok_or(Refused::NoBase)?;
        let same = |pull: &&Pull| pull.state == State::Open && pull.head == head && pull.base == base && !pull.fork;
        if let Some(existing) = self.pulls.iter().find(same) {
            return Err(Refused::Exists(existing.number));
        }
        if self.bare.ahead(base, head) == 0 {
            return Err(Refused::NoCommits);
        }
        let number = self.pulls.iter().map(|pull| pull.number).max().unwrap_or(0) + 1;
        self.pulls.push(Pull {
            number,
            head: head.to_owned(),
            base: base.to_owned(),
            sha,
            title: title.to_owned(),
            body: body.to_owned(),
            state: State::Open,
            draft: false,
            labels: vec![],
            reviewers: vec![],
            teams: vec![],
            assignees: vec![],
            comments: vec![],
            commented: 0,
            fork: false,
            auto_merge: None,
            pipeline: true,
            version: 0,
        });
        Ok(self.pulls.last_mut().unwrap())
    }
}

impl Pull {
    /// Adds a comment.
    pub(crate) fn comment(&mut self, text: &str) -> &Comment {
        self.commented += 1;
        self.comments.push(Comment { id: 1_000 * self.number + self.commented, text: text.to_owned() });
        self.comments.last().unwrap()
    }

    /// Deletes a comment. Returns whether it exists.
    pub(crate) fn delete_comment(&mut self, id: &str) -> bool {
        let before = self.comments.len();
        self.comments.retain(|comment| comment.id.to_string() != id);
        self.comments.len() < before
    }
}

/// Adds names that a list does not have: a request that is repeated changes nothing.
pub(crate) fn add_missing(list: &mut Vec<String>, names: impl IntoIterator<Item = String>) {
    for name in names {
        if !list.contains(&name) {
            list.push(name);
        }
    }
}
