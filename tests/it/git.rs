//! `git/` against real programs: git itself, servers over HTTP, ssh and the git protocol, hooks, races.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tagboat::git::{Author, FileKind, Git, GitError, Login, Options, Repository, Signing};
use tagboat::refname::{BranchName, CommitId};
use tagboat::secret::Secret;
use tempfile::TempDir;

use crate::support::process::{ClosedPort, Process, find, free_port};
use crate::support::repository::{Bare, git, snapshot};
use crate::support::tagboat::Tagboat;
use crate::support::{git_http, ssh};

const DEPLOYMENT: &str = "image: acme/api:1.0";

fn branch(name: &str) -> BranchName {
    BranchName::new(name).unwrap()
}

fn commit_id(text: &str) -> CommitId {
    CommitId::new(text).unwrap()
}

fn bot() -> Author {
    Author { name: "Tagboat".to_owned(), email: "tagboat@example.com".to_owned() }
}

fn bot_with(password: &str) -> Login {
    Login { user: "bot".to_owned(), password: Secret::new(password) }
}

/// Returns a temporary folder with one bare repository: two commits on `main`.
fn remote() -> (TempDir, Bare) {
    let dir = TempDir::new().unwrap();
    let bare = Bare::new(dir.path(), "apps");
    bare.commit("main", &[("README.md", "first")], "First");
    bare.commit("main", &[("api/deploy.yaml", DEPLOYMENT), ("web/deploy.yaml", "image: acme/web:1.0")], "Second");
    (dir, bare)
}

/// Builds a commit for a branch of Tagboat: `api/deploy.yaml` with other contents.
async fn build(repository: &Repository, base: &CommitId, contents: &str) -> Result<CommitId, GitError> {
    let files = BTreeMap::from([(Arc::from("api/deploy.yaml"), contents.as_bytes().to_vec())]);
    repository.commit(base, &files, "Update api\n", &bot(), Timestamp::UNIX_EPOCH).await
}

/// Fetches the base, builds a commit and pushes it as a new branch.
async fn propose(repository: &Repository, contents: &str) -> Result<CommitId, GitError> {
    let main = branch("main");
    let base = repository.remote_branches(&main, "tagboat/").await?[&main].clone();
    repository.fetch(&[(main, base.clone())]).await?;
    let commit = build(repository, &base, contents).await?;
    repository.push(&branch("tagboat/api"), &commit, None).await?;
    Ok(commit)
}

#[tokio::test]
async fn creates_moves_and_deletes_a_branch() {
    let (_dir, bare) = remote();
    let repository = Repository::from_url(&bare.url(), Options::default()).await.unwrap();
    assert_eq!(repository.default_branch().await.unwrap().0, branch("main"));

    let first = propose(&repository, "image: acme/api:1.1").await.unwrap();
    assert_eq!(bare.file("tagboat/api", "api/deploy.yaml"), b"image: acme/api:1.1");
    assert_eq!(bare.file("tagboat/api", "web/deploy.yaml"), b"image: acme/web:1.0");

    let all = repository.remote_branches(&branch("main"), "tagboat/").await.unwrap();
    assert_eq!(all[&branch("tagboat/api")], first);
    let second = build(&repository, &all[&branch("main")], "image: acme/api:1.2").await.unwrap();
    repository.push(&branch("tagboat/api"), &second, Some(&first)).await.unwrap();
    assert_eq!(bare.file("tagboat/api", "api/deploy.yaml"), b"image: acme/api:1.2");
    repository.push(&branch("tagboat/api"), &second, Some(&first)).await.expect("it already points there");

    let stale = repository.delete(&branch("tagboat/api"), &first).await;
    assert!(matches!(stale, Err(GitError::LostRace { .. })), "{stale:?}");
    repository.delete(&branch("tagboat/api"), &second).await.unwrap();
    assert!(!bare.branches().contains_key("tagboat/api"));
    repository.delete(&branch("tagboat/api"), &second).await.expect("it is already deleted");
}

#[tokio::test]
async fn lists_trees_in_order_and_keeps_modes() {
    let (_dir, bare) = remote();
    let files = [
        ("100755", "run.sh", "#!/bin/sh"),
        ("120000", "link.yaml", "api/deploy.yaml"),
        ("100644", "api.yaml", "a: 1"),
        ("100644", "api-x/a.yaml", "a: 2"),
    ];
    let base = commit_id(&bare.commit_modes("main", &files, "Modes"));
    let repository = Repository::from_url(&bare.url(), Options::default()).await.unwrap();
    repository.fetch(&[(branch("main"), base.clone())]).await.unwrap();

    let files = repository.files(&base).unwrap();
    let paths: Vec<_> = files.iter().map(|file| &*file.path).collect();
    let expected =
        ["README.md", "api-x/a.yaml", "api.yaml", "api/deploy.yaml", "link.yaml", "run.sh", "web/deploy.yaml"];
    assert_eq!(paths, expected);
    assert_eq!(
        [files[3].kind, files[4].kind, files[5].kind],
        [FileKind::Regular, FileKind::Link, FileKind::Executable]
    );
    assert_eq!(repository.read(&files[3]).unwrap(), DEPLOYMENT.as_bytes());

    let change = |path: &str| BTreeMap::from([(Arc::from(path), b"new".to_vec())]);
    let build =
        async |path: &str| repository.commit(&base, &change(path), "Change\n", &bot(), Timestamp::UNIX_EPOCH).await;
    let commit = build("run.sh").await.unwrap();
    assert_eq!(commit, build("run.sh").await.unwrap(), "the same arguments give the same commit");
    repository.push(&branch("x"), &commit, None).await.unwrap();
    assert!(git(&bare.path, &["ls-tree", "x", "run.sh"]).starts_with("100755 blob"));
    assert_eq!(git(&bare.path, &["diff", "--name-only", "main", "x"]), "run.sh");
    assert_eq!(git(&bare.path, &["fsck", "--strict", "--no-dangling"]), "");
    for absent in ["link.yaml", "api", "no/such.yaml"] {
        assert!(matches!(build(absent).await, Err(GitError::NoSuchFile { .. })), "{absent}");
    }
}

#[tokio::test]
async fn reads_author_committer_and_parents_of_a_commit() {
    let (_dir, bare) = remote();
    let repository = Repository::from_url(&bare.url(), Options::default()).await.unwrap();
    let ours = propose(&repository, "image: acme/api:1.1").await.unwrap();
    bare.commit("tagboat/api", &[("note", "mine")], "By hand");

    let fresh = Repository::from_url(&bare.url(), Options::default()).await.unwrap();
    let tip = commit_id(&bare.branches()["tagboat/api"]);
    fresh.fetch(&[(branch("tagboat/api"), tip.clone())]).await.unwrap();
    let by_hand = fresh.commit_info(&tip).unwrap();
    assert_eq!((by_hand.committer.email.as_str(), &by_hand.parents[..]), ("person@example.com", &[ours.clone()][..]));
    let below = fresh.commit_info(&ours).expect("the parent of the tip is fetched too");
    assert_eq!((below.author, below.committer, below.message.as_str()), (bot(), bot(), "Update api\n"));
    assert_eq!(below.parents, [commit_id(&bare.branches()["main"])]);
}

/// Kinds of checkout and the arguments of git that make them.
const CHECKOUTS: &[(&str, &[&str])] = &[
    ("full", &["clone"]),
    ("shallow", &["clone", "--depth=1"]),
    ("partial", &["clone", "--filter=blob:none", "--no-checkout"]),
    ("bare", &["clone", "--bare"]),
];

#[tokio::test]
async fn leaves_the_checkout_unchanged() {
    for (kind, arguments) in CHECKOUTS {
        let (dir, bare) = remote();
        git(&bare.path, &["config", "uploadpack.allowFilter", "true"]);
        let checkout = dir.path().join(kind);
        git(dir.path(), &[arguments, &["--quiet", &bare.url(), checkout.to_str().unwrap()][..]].concat());
        let stale = git(&checkout, &["rev-parse", "HEAD"]);
        bare.commit("main", &[("api/deploy.yaml", "image: acme/api:1.0.1")], "Meanwhile");
        let before = snapshot(&checkout);

        let repository = Repository::open(&checkout, "origin", Options::default()).await.unwrap();
        let commit =
            propose(&repository, "image: acme/api:1.1").await.unwrap_or_else(|error| panic!("{kind}: {error}"));
        repository.fetch(&[(branch("main"), commit_id(&stale))]).await.unwrap();
        assert_eq!(repository.files(&commit_id(&stale)).unwrap().len(), 3, "{kind}");
        let parent = &repository.commit_info(&commit).unwrap().parents[0];
        assert_eq!(parent.as_str(), bare.branches()["main"], "{kind}: built on the current base");
        drop(repository);

        assert!(before == snapshot(&checkout), "{kind}: something in the checkout changed");
        assert_eq!(git(&checkout, &["rev-parse", "--is-shallow-repository"]), (*kind == "shallow").to_string());
        assert_eq!(bare.file("tagboat/api", "api/deploy.yaml"), b"image: acme/api:1.1");
    }
}

#[tokio::test]
async fn fetches_no_commit_that_the_checkout_has() {
    let (dir, bare) = remote();
    let checkout = dir.path().join("checkout");
    git(dir.path(), &["clone", "--quiet", "--depth=1", &bare.url(), "checkout"]);
    let head = commit_id(&git(&checkout, &["rev-parse", "HEAD"]));
    fs::remove_dir_all(&bare.path).unwrap();
    let repository = Repository::open(&checkout, "origin", Options::default()).await.unwrap();
    repository.fetch(&[(branch("main"), head.clone())]).await.expect("needs no remote");
    assert_eq!(repository.files(&head).unwrap().len(), 3);
}

#[tokio::test]
async fn opens_linked_working_trees_and_subfolders() {
    let (dir, bare) = remote();
    git(dir.path(), &["clone", "--quiet", &bare.url(), "main"]);
    git(&dir.path().join("main"), &["worktree", "add", "--quiet", "--detach", "../linked"]);
    for inside in ["linked", "main/api"] {
        let repository = Repository::open(&dir.path().join(inside), "origin", Options::default()).await.unwrap();
        let head = commit_id(&bare.branches()["main"]);
        assert_eq!(repository.files(&head).unwrap().len(), 3, "{inside}");
        assert_eq!(repository.url(), bare.url());
    }
}

#[tokio::test]
async fn reports_a_lost_race_to_one_of_two_pushes() {
    let (_dir, bare) = remote();
    let (ours, theirs) = tokio::join!(
        async {
            let repository = Repository::from_url(&bare.url(), Options::default()).await.unwrap();
            propose(&repository, "image: acme/api:1.1").await
        },
        async {
            let repository = Repository::from_url(&bare.url(), Options::default()).await.unwrap();
            propose(&repository, "image: acme/api:1.2").await
        },
    );
    let (won, lost) = match (ours, theirs) {
        (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
        other => panic!("exactly one wins: {other:?}"),
    };
    assert!(matches!(lost, GitError::LostRace { .. }), "{lost:?}");
    assert_eq!(bare.branches()["tagboat/api"], won.as_str());
}

/// A killed process leaves the lock of a branch behind; one that runs releases it.
#[tokio::test]
async fn distinguishes_a_lock_from_a_lost_race() {
    for is_released in [false, true] {
        let (_dir, bare) = remote();
        let folder = bare.path.join("refs/heads/tagboat");
        std::fs::create_dir_all(&folder).unwrap();
        let lock = folder.join("api.lock");
        std::fs::write(&lock, "").unwrap();
        let repository = Repository::from_url(&bare.url(), Options::default()).await.unwrap();
        if is_released {
            std::thread::spawn(move || {
                std::thread::sleep(std::time::Duration::from_millis(500));
                std::fs::remove_file(lock).unwrap();
            });
        }
        let pushed = propose(&repository, "image: acme/api:1.1").await;
        match &pushed {
            Ok(_) => assert!(is_released),
            Err(GitError::Locked { output, .. }) => assert!(!is_released && output.contains("api.lock"), "{output}"),
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn never_overwrites_a_commit_of_someone_else() {
    let (_dir, bare) = remote();
    let repository = Repository::from_url(&bare.url(), Options::default()).await.unwrap();
    let ours = propose(&repository, "image: acme/api:1.1").await.unwrap();
    let by_hand = bare.commit("tagboat/api", &[("note", "mine")], "By hand");
    let base = commit_id(&bare.branches()["main"]);
    let next = build(&repository, &base, "image: acme/api:1.2").await.unwrap();
    let error = repository.push(&branch("tagboat/api"), &next, Some(&ours)).await.unwrap_err();
    assert!(matches!(error, GitError::LostRace { .. }), "{error:?}");
    assert_eq!(bare.branches()["tagboat/api"], by_hand);
}

#[tokio::test]
async fn quotes_the_rule_of_a_server_that_rejects_a_push() {
    let hooks = [
        ("GH006: Protected branch update failed for refs/heads/tagboat/api.", "pre-receive"),
        ("GitLab: You are not allowed to push code to protected branches on this project.", "pre-receive"),
        ("Gitea: Not allowed to push to protected branch tagboat/api", "update"),
    ];
    for (text, hook) in hooks {
        let (_dir, bare) = remote();
        bare.hook(hook, &format!("echo 'error: {text}' >&2; exit 1"));
        let repository = Repository::from_url(&bare.url(), Options::default()).await.unwrap();
        let error = propose(&repository, "image: acme/api:1.1").await.unwrap_err();
        assert!(matches!(&error, GitError::Protected { output, .. } if output.contains(text)), "{error:?}");
    }
}

#[tokio::test]
async fn distinguishes_a_branch_name_conflict_from_a_lost_race() {
    let (_dir, bare) = remote();
    bare.commit("tagboat", &[("a", "b")], "Conflict");
    let repository = Repository::from_url(&bare.url(), Options::default()).await.unwrap();
    let error = propose(&repository, "image: acme/api:1.1").await.unwrap_err();
    assert!(matches!(error, GitError::BranchNameConflict { .. }), "{error:?}");
}

#[tokio::test]
async fn uses_http_with_right_and_wrong_passwords() {
    let (dir, bare) = remote();
    let Some(server) = git_http::serve(dir.path(), "bot", "s3cret-t0ken") else { return };
    let url = format!("{}/apps.git", server.url);

    let repository = Repository::from_url(&url, Options::default()).await.unwrap();
    let repository = repository.with_login(&bot_with("s3cret-t0ken"));
    let ours = propose(&repository, "image: acme/api:1.1").await.unwrap();
    assert_eq!(bare.branches()["tagboat/api"], ours.as_str());
    repository.delete(&branch("tagboat/api"), &ours).await.unwrap();

    let in_url = url.replace("http://", "http://bot:s3cret-t0ken@");
    let repository = Repository::from_url(&in_url, Options::default()).await.unwrap();
    assert_eq!(repository.url(), url, "the URL has no password");
    propose(&repository, "image: acme/api:1.2").await.unwrap();

    let without = Repository::from_url(&url, Options::default()).await.unwrap();
    let wrong = Repository::from_url(&in_url, Options::default()).await.unwrap().with_login(&bot_with("wr0ng"));
    for repository in [without, wrong] {
        let error = repository.default_branch().await.unwrap_err();
        assert!(matches!(error, GitError::Denied { .. } | GitError::NoLogin { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("wr0ng"));
    }
    let missing = Repository::from_url(&format!("{}/none.git", server.url), Options::default()).await.unwrap();
    let missing = missing.with_login(&bot_with("s3cret-t0ken"));
    let error = missing.default_branch().await.unwrap_err();
    assert!(matches!(error, GitError::NotFound { .. }), "{error:?}");
    let public = Repository::from_url(&format!("{}/apps.git", server.public_url), Options::default()).await.unwrap();
    let error = propose(&public, "image: acme/api:1.3").await.unwrap_err();
    assert!(matches!(error, GitError::Denied { .. }), "anyone may read, no one may push: {error:?}");
}

#[tokio::test]
async fn sends_no_password_to_the_target_of_a_redirect() {
    let (dir, _bare) = remote();
    let Some(other) = git_http::serve(dir.path(), "bot", "s3cret") else { return };
    let Some(server) = git_http::serve_redirecting(dir.path(), "bot", "s3cret", &other.url) else { return };
    let repository = Repository::from_url(&format!("{}/apps.git", server.moved_url), Options::default()).await.unwrap();
    let repository = repository.with_login(&bot_with("s3cret"));
    let error = repository.default_branch().await.unwrap_err();
    // The password is valid on both servers: the other one denies access because it was not sent.
    let denying = other.url.trim_end_matches("/git");
    assert!(matches!(&error, GitError::NoLogin { output, .. } if output.contains(denying)), "{error:?}");
}

#[tokio::test]
async fn sends_no_login_to_another_host_of_a_push_url() {
    let (dir, bare) = remote();
    let Some(server) = git_http::serve(dir.path(), "bot", "s3cret") else { return };
    let Some(other) = git_http::serve(dir.path(), "bot", "s3cret") else { return };
    git(dir.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
    let checkout = dir.path().join("checkout");
    git(&checkout, &["remote", "set-url", "origin", &format!("{}/apps.git", server.url)]);
    git(&checkout, &["remote", "set-url", "--push", "origin", &format!("{}/apps.git", other.url)]);
    let repository = Repository::open(&checkout, "origin", Options::default()).await.unwrap();
    let repository = repository.with_login(&bot_with("s3cret"));
    let error = propose(&repository, "image: acme/api:1.1").await.unwrap_err();
    assert!(matches!(&error, GitError::NoLogin { operation, .. } if operation.contains(&other.url)), "{error:?}");
}

#[tokio::test]
async fn uses_the_token_of_the_checkout_action_unless_a_login_is_given() {
    let (dir, bare) = remote();
    let Some(server) = git_http::serve(dir.path(), "bot", "s3cret") else { return };
    let checkout = dir.path().join("checkout");
    git(dir.path(), &["clone", "--quiet", "--depth=1", &bare.url(), "checkout"]);
    git(&checkout, &["remote", "set-url", "origin", &format!("{}/apps.git", server.url)]);
    let origin = server.url.trim_end_matches("git");
    let header = |basic: &str| {
        let key = format!("http.{origin}.extraheader");
        git(&checkout, &["config", &key, &format!("AUTHORIZATION: basic {basic}")]);
    };
    header("Ym90OnMzY3JldA=="); // bot:s3cret
    let repository = Repository::open(&checkout, "origin", Options::default()).await.unwrap();
    repository.default_branch().await.unwrap();
    header("Ym90OndyMG5n"); // bot:wr0ng
    let repository = Repository::open(&checkout, "origin", Options::default()).await.unwrap();
    assert!(matches!(repository.default_branch().await, Err(GitError::NoLogin { .. })));
    let repository = repository.with_login(&bot_with("s3cret"));
    repository.default_branch().await.unwrap();
}

/// Writes a program that records its arguments and then runs git.
fn spy(dir: &Path) -> (PathBuf, PathBuf) {
    let (program, notes) = (dir.join("spy"), dir.join("notes"));
    let script = format!("#!/bin/sh\necho \"$*\" >> '{}'\nexec git \"$@\"\n", notes.display());
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    (program, notes)
}

#[tokio::test]
async fn finds_ancestors_and_misses_commits_that_a_force_push_dropped() {
    let (_dir, bare) = remote();
    let first = commit_id(&git(&bare.path, &["rev-parse", "main~1"]));
    let dropped = commit_id(&git(&bare.path, &["rev-parse", "main"]));
    git(&bare.path, &["update-ref", "refs/heads/main", first.as_str()]);
    // More commits than the first fetch requests.
    for number in 0..120 {
        bare.commit("main", &[("README.md", &number.to_string())], "More");
    }
    let path = bare.path.display().to_string();
    for (allow, url) in [("true", &bare.url()), ("true", &path), ("false", &bare.url()), ("false", &path)] {
        git(&bare.path, &["config", "uploadpack.allowfilter", allow]);
        let repository = Repository::from_url(url, Options::default()).await.unwrap();
        let head = repository.remote_branches(&branch("main"), "").await.unwrap()[&branch("main")].clone();
        repository.fetch(&[(branch("main"), head.clone())]).await.unwrap();
        let near = commit_id(&git(&bare.path, &["rev-parse", "main~3"]));
        for (commit, expected) in [(&head, true), (&near, true), (&first, true), (&dropped, false), (&near, true)] {
            assert_eq!(repository.is_ancestor(commit, &head).await.unwrap(), expected, "{commit}");
        }
        // The objects of commits are still complete.
        repository.fetch(&[(branch("main"), near.clone())]).await.unwrap();
        assert_eq!(repository.files(&near).unwrap().len(), 1);
    }
}

/// Answers the first request with an error, and redirects every other one.
fn fails_once(status: u16, elsewhere: &str) -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let elsewhere = elsewhere.to_owned();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap_or_default();
            let text = String::from_utf8_lossy(&request[..read]).into_owned();
            let path = text.split_whitespace().nth(1).unwrap_or("/");
            let head = if number == 0 {
                format!("HTTP/1.1 {status} Failed\r\n")
            } else {
                format!("HTTP/1.1 302 Found\r\nLocation: {elsewhere}{path}\r\n")
            };
            let _ = stream.write_all(format!("{head}Content-Length: 0\r\nConnection: close\r\n\r\n").as_bytes());
        }
    });
    url
}

#[tokio::test]
async fn repeats_a_command_once_after_an_error_of_the_server() {
    let (dir, _bare) = remote();
    let Some(server) = git_http::serve(dir.path(), "bot", "s3cret") else { return };
    for status in [429, 500, 503] {
        let url = format!("{}/apps.git", fails_once(status, &server.public_url));
        let repository = Repository::from_url(&url, Options::default()).await.unwrap();
        assert_eq!(repository.default_branch().await.unwrap().0, branch("main"), "{status}");
    }
    let url = format!("{}/apps.git", fails_once(403, &server.public_url));
    let repository = Repository::from_url(&url, Options::default()).await.unwrap();
    let error = repository.default_branch().await.unwrap_err();
    assert!(matches!(error, GitError::Denied { .. }), "{error:?}");
}

/// The environment of a test run has secrets of many programs, see `secret_leaks.rs`.
#[test]
fn git_inherits_no_secrets() {
    let (dir, bare) = remote();
    let (bin, dump) = (dir.path().join("bin"), dir.path().join("environment"));
    fs::create_dir(&bin).unwrap();
    let real = find("git").unwrap();
    let script = format!("#!/bin/sh\nenv >> '{}'\nexec '{}' \"$@\"\n", dump.display(), real.display());
    fs::write(bin.join("git"), script).unwrap();
    fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let tagboat = Tagboat::new().with_config("git: { pass-env: [FOR_A_HELPER] }");
    let tagboat =
        tagboat.with("PATH", &path).with("FOR_A_HELPER", "passed").with("GIT_PASSWORD", "planted-for-jenkins");
    assert_eq!(tagboat.run(&["list", "-C", &bare.url()]).code, 0);
    let environment = fs::read_to_string(&dump).unwrap();
    assert!(environment.contains("FOR_A_HELPER=passed") && environment.contains("HOME="), "{environment}");
    for planted in ["planted", "TAGBOAT_", "AWS_", "GITHUB_", "CI_JOB"] {
        assert!(!environment.contains(planted), "{planted}: {environment}");
    }
}

/// Files and variables of the user, and the file of the checkout, which is named from the current folder.
#[test]
fn reports_a_broken_configuration_of_git() {
    let (_dir, bare) = remote();
    let (user, own) = (".gitconfig", "checkout/.git/config");
    let version = "[core]\nrepositoryformatversion = 1\n";
    #[rustfmt::skip]
    let rows = [
        // file  text                                          variable                          message
        (user, "[user\nname = x\n".to_owned(),                 None,                             "bad config line 1 in file"),
        (user, "a folder".to_owned(),                          None,                             "unable to access 'HOME/.gitconfig': Is a directory"),
        (user, "[protocol]\nversion = x\n".to_owned(),         None,                             "unknown value for config 'protocol.version': x"),
        (user, String::new(),                                  Some(("GIT_CONFIG_COUNT", "abc")), "bogus count in GIT_CONFIG_COUNT"),
        (user, String::new(),                                  Some(("GIT_CONFIG_PARAMETERS", "foo")), "bogus format in GIT_CONFIG_PARAMETERS"),
        (own,  "[core\n".to_owned(),                           None,                             "checkout/.git/config"),
        (own,  format!("{version}[extensions]\nfoo = 1\n"),    None,                             "unknown repository extension found: foo"),
        (own,  format!("{version}[extensions]\nfoo = 1\nbar = 1\n"), None,                      "unknown repository extensions found: foo, bar"),
        (own,  "[core]\nrepositoryformatversion = 9\n".to_owned(), None,                        "git repo version <= 1, found 9"),
    ];
    for (file, text, variable, message) in rows {
        let tagboat = Tagboat::new();
        git(tagboat.home(), &["clone", "-q", &bare.url(), "checkout"]);
        let path = tagboat.home().join(file);
        match &*text {
            "a folder" => fs::create_dir(path).unwrap(),
            text => fs::write(path, text).unwrap(),
        }
        let message = message.replace("HOME", &tagboat.home().display().to_string());
        let tagboat = variable.into_iter().fold(tagboat, |tagboat, (name, value)| tagboat.with(name, value));
        let of_user = bare.url();
        let places: &[&str] = if file == user { &[&of_user, "checkout"] } else { &["checkout", "checkout/apps"] };
        for place in places {
            fs::create_dir_all(tagboat.home().join("checkout/apps")).unwrap();
            let output = tagboat.run(&["run", "--dry-run", "-C", place]);
            let error = &output.stderr;
            assert!(
                output.code == 1 && error.contains("invalid configuration of git: "),
                "{text}, {place}: {output:?}"
            );
            assert!(error.contains(&message) && !error.contains("warning:"), "{text}, {place}: {error}");
            assert!(error.contains("hint: correct the file or the variable that the message names"), "{error}");
        }
    }
}

/// The user name in the address of a remote may be a token, in every form of an address. ssh prints it.
#[test]
fn prints_no_user_name_of_a_remote_over_ssh() {
    let token = "glpat-planted-0123";
    for url in ["TOKEN@127.0.0.1:a/b.git", "ssh://TOKEN@127.0.0.1:1/a/b.git", "[TOKEN@127.0.0.1:1]:a/b.git"] {
        let url = url.replace("TOKEN", token);
        // A program that answers like ssh for a user who may not log in.
        let ssh = format!("sh -c 'echo {token}@127.0.0.1: refused >&2; exit 255'");
        let tagboat = Tagboat::new().with("GIT_SSH_COMMAND", &ssh);
        let folder = tempfile::tempdir().unwrap();
        let checkout = folder.path().join("checkout");
        git(folder.path(), &["init", "-q", "checkout"]);
        git(&checkout, &["config", "remote.origin.url", &url]);
        for (command, code) in [("run", 1), ("plan", 1), ("check", 1)] {
            let output = tagboat.run(&[command, "-C", checkout.to_str().unwrap()]);
            assert_eq!(output.code, code, "{command}, {url}: {output:?}");
            let printed = format!("{}{}", output.stdout, output.log);
            assert!(printed.contains("127.0.0.1") && !printed.contains("glpat"), "{command}, {url}: {printed}");
        }
        for command in ["list", "init"] {
            let output = tagboat.run(&[command, "-C", &url]);
            assert!(output.code != 0 && !format!("{output:?}").contains("glpat"), "{command}, {url}: {output:?}");
        }
    }
}

#[tokio::test]
async fn keeps_the_password_out_of_arguments_and_runs_few_commands() {
    let (dir, _bare) = remote();
    let Some(server) = git_http::serve(dir.path(), "bot", "s3cret") else { return };
    let (program, notes) = spy(dir.path());
    let options = Options { program, ..Options::default() };
    let url = format!("{}/apps.git", server.url.replace("http://", "http://bot:s3cret@"));
    let repository = Repository::from_url(&url, options).await.unwrap();
    propose(&repository, "image: acme/api:1.1").await.unwrap();
    let main = branch("main");
    let base = repository.remote_branches(&main, "tagboat/").await.unwrap()[&main].clone();
    repository.fetch(&[(main, base)]).await.unwrap();

    let notes = fs::read_to_string(notes).unwrap();
    assert!(!notes.contains("s3cret"), "{notes}");
    let commands: Vec<_> = notes.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(commands, ["version", "config", "ls-remote", "fetch", "push", "ls-remote"]);
}

/// A token may be the user name of a URL, without a password. The account of a person is the same to git, and its helper has the password.
#[tokio::test]
async fn uses_a_user_name_in_the_url_with_a_helper_or_as_a_token() {
    let (dir, bare) = remote();
    let Some(server) = git_http::serve(dir.path(), "bot", "s3cret") else { return };
    let (program, notes) = spy(dir.path());
    git(dir.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
    let checkout = dir.path().join("checkout");
    let url = format!("{}/apps.git", server.url.replace("http://", "http://bot@"));
    git(&checkout, &["remote", "set-url", "origin", &url]);
    let options = || Options { program: program.clone(), ..Options::default() };
    let without_helper = Repository::open(&checkout, "origin", options()).await.unwrap();
    let error = without_helper.default_branch().await.unwrap_err();
    assert!(matches!(error, GitError::Denied { .. }), "{error:?}");
    // The helper has the password of this account only.
    let helper = "!f() { grep -q ^username=bot$ && echo password=s3cret; }; f";
    git(&checkout, &["config", "credential.helper", helper]);
    let repository = Repository::open(&checkout, "origin", options()).await.unwrap();
    assert!(!repository.url().contains("bot@"), "{}", repository.url());
    propose(&repository, "image: acme/api:1.1").await.unwrap();
    let notes = fs::read_to_string(notes).unwrap();
    assert!(!notes.contains("bot@"), "{notes}");
    // A URL in place of the name of a remote.
    let named = Repository::open(&checkout, "https://t0ken@git.example.com/a", options()).await.map(drop).unwrap_err();
    assert!(matches!(named, GitError::NoRemote { .. }) && !format!("{named:?}").contains("t0ken"), "{named:?}");
}

/// git would give a token in the base of `insteadOf` to the programs that it starts, as an argument.
#[tokio::test]
async fn rewrites_the_url_and_takes_its_login_as_that_of_the_remote() {
    let (dir, bare) = remote();
    let Some(server) = git_http::serve(dir.path(), "bot", "s3cret") else { return };
    git(dir.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
    let checkout = dir.path().join("checkout");
    git(&checkout, &["remote", "set-url", "origin", "acme:apps.git"]);
    let base = format!("{}/", server.url.replace("http://", "http://bot:s3cret@"));
    git(&checkout, &["config", &format!("url.{base}.insteadOf"), "acme:"]);
    let repository = Repository::open(&checkout, "origin", Options::default()).await.unwrap();
    let logins: Vec<_> = repository.logins_of_urls().map(|(url, login)| (url, login.has_secret())).collect();
    assert_eq!(logins, [(&*format!("{}/apps.git", server.url), true); 2]);
    assert_eq!(repository.url(), "acme:apps.git");
    propose(&repository, "image: acme/api:1.1").await.unwrap();
    // The host of the remote as it is written: a mirror gets no login for it.
    git(&checkout, &["remote", "set-url", "origin", "https://git.example.com/apps.git"]);
    git(&checkout, &["config", &format!("url.{}/.insteadOf", server.url), "https://git.example.com/"]);
    let repository = Repository::open(&checkout, "origin", Options::default()).await.unwrap();
    let error = repository.with_login(&bot_with("s3cret")).default_branch().await.unwrap_err();
    assert!(matches!(error, GitError::NoLogin { .. }), "{error:?}");
}

#[test]
fn sends_and_prints_no_token_of_a_rewritten_url() {
    let token = "glpat-planted-0123456789";
    let checkout = tempfile::tempdir().unwrap();
    git(checkout.path(), &["init", "-q"]);
    git(checkout.path(), &["config", "remote.origin.url", "https://git.acme.test/a/b.git"]);
    for (base, cause) in [
        ("http://TOKEN@git.acme.test/", "the password or token in this URL is not sent without TLS"),
        (
            "git://TOKEN@git.acme.test/",
            "after `url.….insteadOf` in the configuration of git: a URL with git:// has no user name",
        ),
        ("https://git.acme.test/?private_token=TOKEN&r=", "its query may have a secret"),
    ] {
        let config = tempfile::NamedTempFile::new().unwrap();
        let text = format!("[url \"{}\"]\n\tinsteadOf = https://git.acme.test/\n", base.replace("TOKEN", token));
        fs::write(config.path(), text).unwrap();
        let tagboat = Tagboat::new().with("GIT_CONFIG_GLOBAL", config.path().to_str().unwrap());
        for command in ["run", "check"] {
            let output = tagboat.run(&[command, "-C", checkout.path().to_str().unwrap()]);
            let printed = format!("{}{}", output.stdout, output.log);
            assert!(output.code != 0 && printed.contains(cause), "{command}, {base}: {output:?}");
            assert!(!printed.contains("glpat"), "{command}, {base}: {printed}");
        }
    }
}

#[tokio::test]
async fn uses_ssh() {
    let (dir, bare) = remote();
    let Some(server) = ssh::serve() else { return };
    let checkout = dir.path().join("checkout");
    git(dir.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
    git(&checkout, &["remote", "set-url", "origin", &format!("{}{}", server.url, bare.path.display())]);
    git(&checkout, &["config", "core.sshCommand", &server.command]);
    let repository = Repository::open(&checkout, "origin", Options::default()).await.unwrap();
    let ours = propose(&repository, "image: acme/api:1.1").await.unwrap();
    assert_eq!(bare.branches()["tagboat/api"], ours.as_str());

    git(&checkout, &["config", "core.sshCommand", "ssh -F none -o BatchMode=yes -o UserKnownHostsFile=/dev/null"]);
    let repository = Repository::open(&checkout, "origin", Options::default()).await.unwrap();
    let error = repository.default_branch().await.unwrap_err();
    assert!(matches!(error, GitError::Denied { .. }), "an unknown host: {error:?}");
}

#[tokio::test]
async fn uses_the_git_protocol() {
    let (dir, bare) = remote();
    let (port, daemon) = (free_port(), PathBuf::from(git(dir.path(), &["--exec-path"])).join("git-daemon"));
    let base = format!("--base-path={}", dir.path().display());
    let port_argument = format!("--port={port}");
    let arguments =
        ["--reuseaddr", "--listen=127.0.0.1", &port_argument, "--export-all", "--enable=receive-pack", &base];
    let _daemon = Process::start(&daemon, arguments, port);
    let url = |name| format!("git://127.0.0.1:{port}/{name}.git");
    let repository = Repository::from_url(&url("apps"), Options::default()).await.unwrap();
    let ours = propose(&repository, "image: acme/api:1.1").await.unwrap();
    assert_eq!(bare.branches()["tagboat/api"], ours.as_str());
    let repository = Repository::from_url(&url("none"), Options::default()).await.unwrap();
    let error = repository.default_branch().await.unwrap_err();
    assert!(matches!(error, GitError::NotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn reports_a_server_that_is_down_and_one_that_never_responds() {
    let closed = ClosedPort::new();
    let url = format!("http://{}/apps.git", closed.address);
    let error = Repository::from_url(&url, Options::default()).await.unwrap().default_branch().await.unwrap_err();
    assert!(matches!(error, GitError::Network { .. }), "{error:?}");

    // Accepts connections and sends nothing.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/apps.git", silent.local_addr().unwrap());
    let options = Options { timeout: Duration::from_secs(1), ..Options::default() };
    let start = Instant::now();
    let error = Repository::from_url(&url, options).await.unwrap().default_branch().await.unwrap_err();
    assert!(matches!(error, GitError::TimedOut { seconds: 1, .. }), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(10));
    // A child process of git held the connection: it is closed only if that process has ended too.
    let (mut connection, _) = silent.accept().unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    std::io::Read::read_to_end(&mut connection, &mut Vec::new()).expect("the whole group has ended");
}

#[tokio::test]
async fn reports_problems_of_this_machine() {
    let (dir, bare) = remote();
    let options = Options { program: dir.path().join("no-git"), ..Options::default() };
    let error = Repository::from_url(&bare.url(), options).await.map(drop).unwrap_err();
    assert!(matches!(error, GitError::MissingGit { .. }), "{error:?}");

    let old = dir.path().join("old-git");
    fs::write(&old, "#!/bin/sh\necho git version 2.25.1\n").unwrap();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o755)).unwrap();
    let error =
        Repository::from_url(&bare.url(), Options { program: old, ..Options::default() }).await.map(drop).unwrap_err();
    assert!(matches!(error, GitError::TooOld { .. }), "{error:?}");

    let open = |path: PathBuf, remote: &'static str| async move {
        Repository::open(&path, remote, Options::default()).await.map(drop).unwrap_err()
    };
    let plain = TempDir::new().unwrap();
    for no_repository in [plain.path().to_owned(), plain.path().join("absent")] {
        let error = open(no_repository, "origin").await;
        assert!(matches!(error, GitError::NotARepository { .. }), "{error:?}");
    }
    let error = open(bare.path.clone(), "origin").await;
    assert!(matches!(error, GitError::NoRemote { .. }), "{error:?}");
    git(dir.path(), &["init", "--quiet", "--object-format=sha256", "sha256"]);
    let error = open(dir.path().join("sha256"), "origin").await;
    assert!(matches!(error, GitError::ObjectFormat { .. }), "{error:?}");
    let empty = Bare::new(dir.path(), "empty");
    let error =
        Repository::from_url(&empty.url(), Options::default()).await.unwrap().default_branch().await.unwrap_err();
    assert!(matches!(error, GitError::NoDefaultBranch { .. }), "{error:?}");
}

#[tokio::test]
async fn refuses_a_checkout_of_another_user_as_git_does() {
    let (dir, bare) = remote();
    git(dir.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
    let checkout = dir.path().join("checkout");
    if std::os::unix::fs::chown(&checkout, Some(12345), None).is_err() {
        crate::support::skip("only root can give a folder away");
        return;
    }
    let error = Repository::open(&checkout, "origin", Options::default()).await.map(drop).unwrap_err();
    assert!(matches!(error, GitError::UnsafeDirectory { .. }), "{error:?}");
    assert!(error.hint().contains("safe.directory"));
}

#[tokio::test]
async fn distinguishes_a_missing_commit_from_a_damaged_object() {
    let (dir, bare) = remote();
    let repository = Repository::from_url(&bare.url(), Options::default()).await.unwrap();
    let gone = commit_id(&"12".repeat(20));
    let error = repository.fetch(&[(branch("main"), gone.clone())]).await.unwrap_err();
    assert!(matches!(error, GitError::LostRace { .. }), "{error:?}");
    let error = repository.files(&gone).unwrap_err();
    assert!(matches!(error, GitError::Corrupt { .. }), "{error:?}");

    git(dir.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
    let blob = git(&dir.path().join("checkout"), &["rev-parse", "HEAD:api/deploy.yaml"]);
    let loose = dir.path().join("checkout/.git/objects").join(&blob[..2]).join(&blob[2..]);
    if loose.exists() {
        fs::set_permissions(&loose, fs::Permissions::from_mode(0o644)).unwrap();
        fs::write(&loose, "rubbish").unwrap();
        let repository = Repository::open(&dir.path().join("checkout"), "origin", Options::default()).await.unwrap();
        let files = repository.files(&commit_id(&bare.branches()["main"])).unwrap();
        let error = repository.read(&files[1]).unwrap_err();
        assert!(matches!(error, GitError::Corrupt { .. }), "{error:?}");
    }
}

/// git itself verifies the signatures. One key is in a file, the others stay in memory.
#[tokio::test]
async fn signs_commits_with_ssh_keys_of_each_type() {
    let (dir, bare) = remote();
    let signers = dir.path().join("signers");
    let verified = format!("gpg.ssh.allowedSignersFile={}", signers.display());
    let repository = async || Repository::from_url(&bare.url(), Options::default()).await.unwrap();
    for (number, (kind, bits)) in
        [("ed25519", "256"), ("ecdsa", "256"), ("ecdsa", "384"), ("rsa", "2048"), ("rsa", "3072"), ("ed25519", "256")]
            .into_iter()
            .enumerate()
    {
        let key = dir.path().join(format!("key-{number}"));
        let arguments = ["-q", "-t", kind, "-b", bits, "-N", "", "-f", key.to_str().unwrap()];
        assert!(std::process::Command::new("ssh-keygen").args(arguments).status().unwrap().success());
        let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
        std::fs::write(&signers, format!("{} {public}", bot().email)).unwrap();
        let text = Secret::new(&std::fs::read_to_string(&key).unwrap());
        let signing = if number == 0 {
            let from_file = Signing { format: "ssh", key: key.display().to_string() };
            repository().await.with_signing(from_file)
        } else {
            // A key in memory needs no file.
            std::fs::remove_file(&key).unwrap();
            repository().await.with_ssh_key(&text).unwrap()
        };
        assert!(signing.signs());
        let name = format!("tagboat/{number}");
        let base = signing.remote_branches(&branch("main"), "").await.unwrap()[&branch("main")].clone();
        signing.fetch(&[(branch("main"), base.clone())]).await.unwrap();
        let commit = build(&signing, &base, "image: acme/api:1.1").await.unwrap();
        signing.push(&branch(&name), &commit, None).await.unwrap();
        git(&bare.path, &["-c", &verified, "verify-commit", &name]);
        let logged = git(&bare.path, &["log", "-1", "--format=%an <%ae> %ct %B", &name]);
        assert_eq!(logged, "Tagboat <tagboat@example.com> 0 Update api", "{kind} {bits}");
        assert_eq!(bare.file(&name, "web/deploy.yaml"), b"image: acme/web:1.0");
    }

    let unusable = repository().await.with_ssh_key(&Secret::new("ssh-ed25519 AAAA")).err().unwrap();
    assert!(matches!(unusable, GitError::SigningKey { .. }), "{unusable:?}");
    let keyless = repository().await.with_signing(Signing { format: "ssh", key: "/nowhere".to_owned() });
    let error = propose(&keyless, "image: acme/api:1.1").await.unwrap_err();
    assert!(matches!(error, GitError::SigningFailed { .. }), "{error:?}");
    assert!(error.to_string().contains("/nowhere"), "{error}");
}

#[tokio::test]
#[cfg(unix)]
async fn signs_commits_with_an_openpgp_key() {
    use std::os::unix::fs::PermissionsExt;

    let (dir, bare) = remote();
    let home = TempDir::with_prefix("gpg").unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let gpg = |program: &str, arguments: &[&str]| {
        let mut command = std::process::Command::new(program);
        let output = command.args(arguments).env("GNUPGHOME", home.path()).output();
        output.is_ok_and(|output| output.status.success())
    };
    let who = "Tagboat <tagboat@example.com>";
    if !gpg("gpg", &["--batch", "--passphrase", "", "--quick-generate-key", who, "ed25519", "sign", "never"]) {
        crate::support::skip("gpg cannot generate a key here");
        return;
    }
    // A git whose environment has the keyring, as on the machine of a person.
    let program = dir.path().join("git");
    let script = format!("#!/bin/sh\nGNUPGHOME='{}' exec git \"$@\"\n", home.path().display());
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let options = Options { program: program.clone(), ..Options::default() };
    let repository = Repository::from_url(&bare.url(), options).await.unwrap();
    let signing = repository.with_signing(Signing { format: "openpgp", key: "tagboat@example.com".to_owned() });
    propose(&signing, "image: acme/api:1.1").await.unwrap();
    let path = bare.path.to_str().unwrap();
    assert!(gpg("git", &["-C", path, "verify-commit", "tagboat/api"]));
    gpg("gpgconf", &["--kill", "gpg-agent"]);
}
