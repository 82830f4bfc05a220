//! What every code host keeps and refuses, over a real bare repository; no vendor's words. A double of one vendor puts
//! its API on top.

use super::repository::Bare;

/// What became of a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Merged,
    Closed,
}

/// A pull request as a code host keeps it.
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
    pub(crate) comments: Vec<String>,
    /// Whether the branch is in a fork.
    pub(crate) fork: bool,
    /// The method of auto-merge, once it is enabled.
    pub(crate) auto_merge: Option<String>,
    /// Whether a pipeline runs for it.
    pub(crate) pipeline: bool,
    /// Grows with every write, for hosts that require the version that a write is for.
    pub(crate) version: u64,
}

/// Why a pull request cannot be opened.
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
    /// As in RFC 8017: modulus and exponent.
    pub(crate) public_key: Vec<u8>,
    /// The only token that holds, and how many there were before.
    pub(crate) token: String,
    pub(crate) issued: u32,
    /// Seconds.
    pub(crate) life: i64,
}

/// The state of one repository at a code host.
#[derive(Debug)]
pub(crate) struct CodeHost {
    pub(crate) bare: Bare,
    pub(crate) pulls: Vec<Pull>,
    /// Who may be asked for a review or assigned.
    pub(crate) people: Vec<String>,
    /// Labels of the repository, for hosts that create none.
    pub(crate) labels: Vec<String>,
    pub(crate) archived: bool,
    /// Whether pull requests can be drafts.
    pub(crate) drafts: bool,
    /// Who opens pull requests.
    pub(crate) author: String,
    /// Whether a pull request closes when its branch is deleted.
    pub(crate) closes_with_branch: bool,
    /// The App that may get tokens: its id, its public key, the last token it got, and for how many seconds that is good.
    pub(crate) app: Option<InstalledApp>,
    /// Branches that were pushed but that the host does not see yet, and for how many requests more.
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
            drafts: true,
            author: "tagboat-bot".into(),
            app: None,
            closes_with_branch: true,
            unseen: vec![],
        }
    }

    /// What a host does after every push: heads follow their branches, and on some hosts a pull request whose branch is
    /// gone closes.
    pub(crate) fn follow_branches(&mut self) {
        let heads = self.bare.heads();
        for pull in self.pulls.iter_mut().filter(|pull| pull.state == State::Open && !pull.fork) {
            let prefix = format!("refs/heads/{} ", pull.head);
            match heads.lines().find_map(|line| line.strip_prefix(&prefix)) {
                Some(sha) => sha.clone_into(&mut pull.sha),
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
            fork: false,
            auto_merge: None,
            pipeline: true,
            version: 0,
        });
        Ok(self.pulls.last_mut().unwrap())
    }

    /// A person merges.
    pub(crate) fn merge(&mut self, number: u64) {
        let bare = self.bare.clone();
        let pull = self.pull(number).unwrap();
        bare.merge(&pull.head, &pull.base);
        pull.state = State::Merged;
    }

    /// A person closes without merging.
    pub(crate) fn close(&mut self, number: u64) {
        self.pull(number).unwrap().state = State::Closed;
    }
}
