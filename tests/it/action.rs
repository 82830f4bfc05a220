//! Runs the steps of `action.yml` as a runner does: evaluates expressions and runs the scripts in bash with the variables of a
//! runner, from install to outputs. Steps that use other actions (`uses:`) are left out.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sha2::Digest as _;

use crate::support::double::TOKEN;
use crate::support::gitops::GitOps;
use crate::support::process::find;
use crate::support::repository::git;
use crate::support::secret_leaks;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PROGRAM: &str = env!("CARGO_BIN_EXE_tagboat");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A runner with a checkout of manifests: one image has a newer tag, one has a tag without an order, and one does not exist.
struct Runner {
    gitops: GitOps,
    /// Values of contexts by name: `github.repository`.
    contexts: BTreeMap<String, String>,
    /// Variables that the runner sets in every step.
    variables: BTreeMap<String, String>,
    /// The first folder of `PATH`.
    tools: PathBuf,
}

/// The result of the steps.
#[derive(Debug)]
struct Job {
    code: i32,
    log: String,
    outputs: BTreeMap<String, String>,
    summary: String,
    /// The scripts of the steps that ran.
    ran: Vec<String>,
}

impl Runner {
    async fn new() -> Self {
        let images = [("api/app.yaml", "api:1.0"), ("web/app.yaml", "api:latest"), ("lost/a,b.yaml", "lost:1.0")];
        let gitops = GitOps::new("", &images).await;
        let (folder, bare) = (&gitops.folder, &gitops.bare);
        git(folder.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
        for name in ["temp", "tools", "home", "action"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        // The action as a runner has it, with the sources that the scripts read.
        let action = folder.path().join("action");
        for file in ["Cargo.toml", "Cargo.lock", "action.yml"] {
            fs::copy(Path::new(ROOT).join(file), action.join(file)).unwrap();
        }
        for folder in ["src", "fixtures/demo", ".github/action"] {
            fs::create_dir_all(action.join(folder)).unwrap();
        }
        for script in fs::read_dir(Path::new(ROOT).join(".github/action")).unwrap() {
            let path = script.unwrap().path();
            fs::copy(&path, action.join(".github/action").join(path.file_name().unwrap())).unwrap();
        }
        let at = |name: &str| folder.path().join(name).display().to_string();
        let contexts = [
            ("github.action_path", at("action")),
            ("github.repository", "acme/manifests".to_owned()),
            ("github.action_repository", "acme/tagboat".to_owned()),
            ("github.server_url", "https://github.invalid".to_owned()),
            ("github.token", TOKEN.to_owned()),
            ("runner.temp", at("temp")),
            ("runner.os", "Linux".to_owned()),
            ("runner.arch", "X64".to_owned()),
        ];
        let contexts = contexts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let tools = folder.path().join("tools");
        Self { gitops, contexts, variables: BTreeMap::new(), tools }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.gitops.folder.path().join(name)
    }

    /// Adds a program to the runner, as a shell script.
    fn tool(&self, name: &str, script: &str) {
        let path = self.tools.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Writes a program that prints its arguments and writes no result. It fails if the configuration is `absent.yaml`.
    fn recorder(&self) -> String {
        self.tool("recorder", "echo \"ran $*\"; case $* in *absent.yaml*) exit 64 ;; esac");
        self.tools.join("recorder").display().to_string()
    }

    /// Writes the checksums that are committed in the action.
    fn sums(&self, text: &str) {
        fs::write(self.at("action/.github/action/SHA256SUMS"), text).unwrap();
    }

    /// Runs the steps of the action with these inputs.
    fn run(&self, inputs: &[(&str, &str)]) -> Job {
        let action: Value = serde_yaml::from_str(&fs::read_to_string(self.at("action/action.yml")).unwrap()).unwrap();
        let mut contexts = self.contexts.clone();
        contexts.insert("inputs.working-directory".to_owned(), self.at("checkout").display().to_string());
        for (name, input) in action["inputs"].as_object().unwrap() {
            let default = filled(input["default"].as_str().unwrap(), &contexts);
            contexts.entry(format!("inputs.{name}")).or_insert(default);
        }
        for (name, value) in inputs {
            let known = contexts.insert(format!("inputs.{name}"), (*value).to_owned());
            assert!(known.is_some(), "there is no input {name}");
        }
        let mut job =
            Job { code: 0, log: String::new(), outputs: BTreeMap::new(), summary: String::new(), ran: Vec::new() };
        for step in action["runs"]["steps"].as_array().unwrap() {
            let wanted = step["if"].as_str().is_none_or(|condition| truth(&value(condition, &contexts)));
            if let (true, 0, Some(script)) = (wanted, job.code, step["run"].as_str()) {
                self.step(step, script, &mut contexts, &mut job);
            }
        }
        for (name, output) in action["outputs"].as_object().unwrap() {
            let value = filled(output["value"].as_str().unwrap(), &contexts);
            job.outputs.insert(name.clone(), value);
        }
        let secrets = BTreeSet::from([TOKEN.to_owned()]);
        for shown in [&job.log, &job.summary].into_iter().chain(job.outputs.values()) {
            assert_eq!(secret_leaks::found(&secrets, shown.as_bytes()), [""; 0], "in log, summary or outputs");
        }
        for folder in ["temp", "home", "checkout"] {
            assert_eq!(secret_leaks::found_below(&secrets, &self.at(folder)), [""; 0], "after the job");
        }
        job
    }

    fn step(&self, step: &Value, script: &str, contexts: &mut BTreeMap<String, String>, job: &mut Job) {
        let (outputs, summary) = (self.at("temp/outputs"), self.at("temp/summary"));
        [&outputs, &summary].iter().for_each(|file| fs::write(file, "").unwrap());
        let path = format!("{}:{}", self.tools.display(), std::env::var("PATH").unwrap());
        let folder = step["working-directory"].as_str().map(|folder| filled(folder, contexts));
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script])
            .current_dir(folder.map_or_else(|| self.at("checkout"), PathBuf::from))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.at("home"))
            .env("RUST_LOG", "trace")
            .env("TAGBOAT_FORGE_URL", &self.gitops.double.api_url)
            .envs(&self.variables)
            .env("GITHUB_OUTPUT", &outputs)
            .env("GITHUB_STEP_SUMMARY", &summary);
        for (name, text) in step["env"].as_object().unwrap() {
            command.env(name, filled(text.as_str().unwrap(), contexts));
        }
        let result = command.output().unwrap();
        job.code = result.status.code().unwrap();
        job.log += &format!("{}{}", String::from_utf8_lossy(&result.stdout), String::from_utf8_lossy(&result.stderr));
        job.summary += &fs::read_to_string(summary).unwrap();
        job.ran.push(script.rsplit('/').next().unwrap().trim_matches('"').to_owned());
        for line in fs::read_to_string(outputs).unwrap().lines() {
            let (name, value) = line.split_once('=').unwrap();
            contexts.insert(format!("steps.{}.outputs.{name}", step["id"].as_str().unwrap()), value.to_owned());
        }
    }
}

/// Returns a text with each `${{ … }}` evaluated.
fn filled(text: &str, contexts: &BTreeMap<String, String>) -> String {
    let Some((before, rest)) = text.split_once("${{") else { return text.to_owned() };
    let (expression, after) = rest.split_once("}}").unwrap();
    format!("{before}{}{}", value(expression, contexts), filled(after, contexts))
}

/// Evaluates the part of GitHub's expressions that the action uses: contexts, strings, `==`, `!=`, `&&`, `||`.
fn value(expression: &str, contexts: &BTreeMap<String, String>) -> String {
    let expression = expression.trim();
    if let Some((one, other)) = expression.split_once("||") {
        let one = value(one, contexts);
        return if truth(&one) { one } else { value(other, contexts) };
    }
    if let Some((one, other)) = expression.split_once("&&") {
        let one = value(one, contexts);
        return if truth(&one) { value(other, contexts) } else { one };
    }
    for (operator, wanted) in [("==", true), ("!=", false)] {
        if let Some((one, other)) = expression.split_once(operator) {
            return ((value(one, contexts) == value(other, contexts)) == wanted).to_string();
        }
    }
    match expression.strip_prefix('\'') {
        Some(text) => text.strip_suffix('\'').unwrap().to_owned(),
        None => contexts.get(expression).cloned().unwrap_or_default(),
    }
}

fn truth(value: &str) -> bool {
    !matches!(value, "" | "false")
}

/// Starts a mirror of releases with one file; the thread returns the path that was requested.
fn mirror(path: String, bytes: Vec<u8>) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serve = move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let length = stream.read(&mut request).unwrap();
        let requested = String::from_utf8_lossy(&request[..length]).split(' ').nth(1).unwrap().to_owned();
        let status = if requested == path { "200 OK" } else { "404 Not Found" };
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", bytes.len()).unwrap();
        let _ = stream.write_all(&bytes);
        requested
    };
    (url, std::thread::spawn(serve))
}

fn asset() -> String {
    format!("tagboat-{VERSION}-x86_64-unknown-linux-musl")
}

fn sum(bytes: &[u8]) -> String {
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn publishes_results_of_given_program() {
    let runner = Runner::new().await;
    let job = runner.run(&[("binary", PROGRAM), ("page", "true"), ("fail-on", "")]);
    assert_eq!((job.code, &job.ran[..]), (0, &["find.sh".to_owned(), "run.sh".to_owned()][..]), "{}", job.log);
    let head = runner.gitops.bare.branches()["tagboat/api"].clone();
    #[rustfmt::skip]
    let expected = [
        ("changed", "true"), ("updates", "1"), ("held", "1"), ("failed", "1"), ("prs-created", "true"),
        ("pull-request-number", "1"), ("pull-request-operation", "created"), ("pull-request-branch", "tagboat/api"),
        ("pull-request-head-sha", &head),
    ];
    for (name, value) in expected {
        assert_eq!(job.outputs[name], value, "{name}: {job:?}");
    }
    assert!(job.outputs["pull-request-url"].starts_with("http"), "{job:?}");
    let pulls: Value = serde_json::from_str(&job.outputs["prs"]).unwrap();
    assert_eq!((&pulls[0]["number"], &pulls[0]["action"]), (&1.into(), &"open".into()), "{pulls:#}");
    let report = fs::read_to_string(&job.outputs["report"]).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&report).unwrap()["dry-run"], false);
    assert!(fs::read_to_string(&job.outputs["page"]).unwrap().starts_with("<!doctype html>"));

    assert!(job.summary.starts_with("## Tagboat"), "{}", job.summary);
    for part in ["### Changes", "`api/app.yaml:4`", "### Pull requests", "### Held", "needs a policy"] {
        assert!(job.summary.contains(part), "{part} is not in {}", job.summary);
    }
    let annotations = job.log.lines().filter(|line| line.starts_with("::error") || line.starts_with("::warning"));
    let annotations = annotations.collect::<Vec<_>>();
    assert_eq!(annotations.len(), 2, "{}", job.log);
    assert!(annotations[0].starts_with("::error file=lost/a%2Cb.yaml,line=4,title="), "{annotations:?}");
    assert!(annotations[1].starts_with("::warning file=web/app.yaml,line=4,title="), "{annotations:?}");
    let paused = job.log.find("::stop-commands::").unwrap() < job.log.find("opened").unwrap();
    assert!(paused && !job.log.contains(TOKEN), "{}", job.log);

    let again = runner.run(&[("binary", PROGRAM), ("summary", "false")]);
    assert_eq!((again.code, &*again.summary), (3, ""), "a lookup still fails: {}", again.log);
    let names = ["changed", "prs-created", "pull-request-operation", "pull-request-number"];
    assert_eq!(names.map(|name| &*again.outputs[name]), ["false", "false", "none", "1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn passes_hostile_inputs_unchanged() {
    let runner = Runner::new().await;
    let hostile = "x'; touch $HOME/pwned; echo '$(touch $HOME/pwned)\n  deploy , two words ";
    let job =
        runner.run(&[("binary", PROGRAM), ("labels", hostile), ("paths", "api/**\nweb/**\n"), ("fail-on", "held")]);
    assert_eq!(job.code, 1, "something is held: {}", job.log);
    assert!(!runner.at("home/pwned").exists());
    let labels = runner.gitops.double.host(|host| host.pulls[0].labels.clone());
    assert_eq!(labels, ["x'; touch $HOME/pwned; echo '$(touch $HOME/pwned)", "deploy", "two words"]);
    assert_eq!(runner.run(&[("binary", PROGRAM), ("command", "init; true")]).code, 64);
    for (command, code) in [("list", 0), ("check", 0), ("plan", 3), ("edit", 3)] {
        let job = runner.run(&[("binary", PROGRAM), ("command", command)]);
        assert_eq!(job.code, code, "{command}: {}", job.log);
    }
    // clap rejects an unknown merge method; an App without a usable key ends the run before anything is written.
    assert_eq!(runner.run(&[("binary", PROGRAM), ("auto-merge", "octopus")]).code, 64);
    let app = runner.run(&[("binary", PROGRAM), ("app-id", "7"), ("app-private-key", "planted-material")]);
    assert!(app.code != 0 && app.log.contains("key") && !app.log.contains("planted-material"), "{}", app.log);
    let images = format!("{}/acme/api:1.1", runner.gitops.registry.host());
    git(&runner.at("checkout"), &["checkout", "--quiet", "."]);
    let job = runner.run(&[
        ("binary", PROGRAM),
        ("command", "plan"),
        ("image", &images),
        ("paths", "api/**"),
        ("fail-on", "changes, failed"),
    ]);
    assert_eq!((job.code, &*job.outputs["failed"]), (0, "0"), "the update is already proposed: {}", job.log);
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_nothing_in_pull_requests_from_forks() {
    let mut runner = Runner::new().await;
    let head = "github.event.pull_request.head.repo.full_name";
    runner.contexts.insert(head.to_owned(), "mallory/manifests".to_owned());
    let job = runner.run(&[("binary", PROGRAM), ("fail-on", "")]);
    assert_eq!((job.code, &*job.outputs["changed"], &*job.outputs["prs-created"]), (0, "true", "false"), "{}", job.log);
    assert_eq!((runner.gitops.bare.branches().len(), runner.gitops.double.writes()), (1, vec![]), "{}", job.log);
    assert!(job.log.contains("mallory/manifests, a fork"), "{}", job.log);
    runner.contexts.insert(head.to_owned(), "acme/manifests".to_owned());
    assert_eq!(runner.run(&[("binary", PROGRAM), ("fail-on", "")]).outputs["prs-created"], "true");
}

/// Pull requests by AGit need read access only, and their head repository is the base. A deleted fork has no name.
#[tokio::test(flavor = "multi_thread")]
async fn writes_nothing_in_pull_requests_without_a_branch_of_the_repository() {
    let mut runner = Runner::new().await;
    let program = runner.recorder();
    let (ours, unnamed) = ("acme/manifests", "a pull request without a branch");
    let pull = |repository, head, flow| {
        let event = [("number", "7"), ("head.repo.full_name", repository), ("head.ref", head), ("flow", flow)];
        event.map(|(name, value)| (format!("github.event.pull_request.{name}"), value)).to_vec()
    };
    let workflow = |branch| {
        let event = [("id", "7"), ("head_repository.full_name", ours), ("head_branch", branch)];
        event.map(|(name, value)| (format!("github.event.workflow_run.{name}"), value)).to_vec()
    };
    #[rustfmt::skip]
    let rows = [
        // the event                                  for whom the job is a dry run
        (pull(ours, "topic", ""),                     None),
        (pull(ours, "topic", "0"),                    None),
        (pull("Acme/Manifests", "topic", ""),         None),
        (pull(ours, "refs/heads/topic", "0"),         None),
        (pull(ours, "refs/for/main/topic", ""),       Some(unnamed)),
        (pull(ours, "refs/pull/7/head", ""),          Some(unnamed)),
        (pull(ours, "", ""),                          Some(unnamed)),
        (pull(ours, "topic", "1"),                    Some(unnamed)),
        (pull("mallory/manifests", "topic", ""),      Some("mallory/manifests, a fork")),
        (pull("", "topic", ""),                       Some("a deleted repository, a fork")),
        (workflow("main"),                            None),
        (workflow(""),                                Some(unnamed)),
        (workflow("#7"),                              Some(unnamed)),
        (workflow("refs/pull/7/head"),                Some(unnamed)),
        (vec![],                                      None),
    ];
    for (event, foreign) in rows {
        runner.contexts.retain(|name, _| !name.starts_with("github.event."));
        runner.contexts.extend(event.iter().map(|(name, value)| (name.clone(), (*value).to_owned())));
        let job = runner.run(&[("binary", &program), ("fail-on", "")]);
        assert_eq!((job.code, job.log.contains(" --dry-run")), (0, foreign.is_some()), "{event:?}: {}", job.log);
        let notice = foreign.map(|whom| format!("this job runs for {whom}: nothing is written"));
        assert!(notice.is_none_or(|notice| job.log.contains(&notice)), "{event:?}: {}", job.log);
        let plan = runner.run(&[("binary", &program), ("command", "plan"), ("fail-on", "")]);
        assert!(plan.code == 0 && !plan.log.contains(" --dry-run"), "{event:?}: {}", plan.log);
    }
}

/// YAML's spellings of true, and names that differ from the documented ones, must not silently mean something else.
#[tokio::test(flavor = "multi_thread")]
async fn understands_or_refuses_every_spelling_of_an_input() {
    let runner = Runner::new().await;
    let program = runner.recorder();
    #[rustfmt::skip]
    let rows = [
        // input     value                   code  in the log
        ("dry-run", "true",                  0,    " --dry-run"),
        ("dry-run", "True",                  0,    " --dry-run"),
        ("dry-run", "TRUE",                  0,    " --dry-run"),
        ("page",    "True",                  0,    "report.html"),
        ("cache",   "True",                  0,    " --cache-dir="),
        ("fail-on", " Held ,\n CHANGES",     1,    "::error::references are held"),
        ("dry-run", "yes",                   64,   "::error::invalid input dry-run: use true or false"),
        ("summary", "1",                     64,   "::error::invalid input summary: use true or false"),
        ("fail-on", "failure",               64,   "::error::invalid input fail-on: use failed, held and changes"),
        ("fail-on", "failed,held;changes",   64,   "::error::invalid input fail-on: use failed, held and changes"),
        ("config",  "absent.yaml",           64,   "::error::tagboat run failed with exit code 64"),
    ];
    for (input, value, code, shown) in rows {
        let job = runner.run(&[("binary", &program), ("fail-on", ""), (input, value)]);
        assert_eq!(job.code, code, "{input}: {value}: {}", job.log);
        assert!(job.log.contains(shown), "{input}: {value}: {}", job.log);
    }
    let off =
        runner.run(&[("binary", &program), ("fail-on", ""), ("dry-run", "False"), ("cache", ""), ("page", "FALSE")]);
    let arguments = ["--dry-run", "--cache-dir", "report.html"].map(|argument| off.log.contains(argument));
    assert_eq!((off.code, arguments), (0, [false; 3]), "{}", off.log);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_release_only_if_checksum_matches() {
    if find("curl").is_none() {
        return;
    }
    let runner = Runner::new().await;
    let bytes = fs::read(PROGRAM).unwrap();
    let path = format!("/releases/v{VERSION}/{}", asset());
    runner.sums(&format!("{}  tagboat-0.0.1-x86_64-unknown-linux-musl\n{}  {}\n", sum(b"old"), sum(&bytes), asset()));

    let (url, served) = mirror(path.clone(), b"#!/bin/sh\ntouch $HOME/pwned\n".to_vec());
    let bad = runner.run(&[("mirror", &format!("{url}/releases"))]);
    assert_eq!((bad.code, served.join().unwrap()), (1, path.clone()), "{}", bad.log);
    assert!(bad.log.contains("does not match the released file"), "{}", bad.log);
    assert_eq!((bad.ran.len(), runner.at("home/pwned").exists()), (2, false), "no later step runs");
    assert_eq!(fs::read_dir(runner.at("temp/tagboat/bin")).unwrap().count(), 0);

    let (url, served) = mirror(path, bytes);
    let good = runner.run(&[("mirror", &format!("{url}/releases/")), ("fail-on", "")]);
    assert_eq!((good.code, &*good.outputs["prs-created"]), (0, "true"), "{}", good.log);
    served.join().unwrap();

    let unknown = runner.run(&[("version", "v9.9.9")]);
    assert_eq!((unknown.code, unknown.ran.len()), (64, 1), "{}", unknown.log);
    assert!(unknown.log.contains("SHA-256 checksum is not in"), "{}", unknown.log);
}

#[tokio::test(flavor = "multi_thread")]
async fn verifies_attestation_of_release_if_gh_is_installed() {
    let mut runner = Runner::new().await;
    runner.sums(&format!("{}  {}\n", sum(&fs::read(PROGRAM).unwrap()), asset()));
    // A `curl` that has the release, and a `gh` that prints its arguments.
    runner.tool(
        "curl",
        &format!(
            "for last; do :; done; echo \"curl $last\"; while [ $1 != --output ]; do shift; done; cp {PROGRAM} $2"
        ),
    );
    runner.tool("gh", "[ \"$2\" = --help ] || { echo \"gh $* on $GH_HOST\"; [ ! -e $HOME/forged ]; }");
    let job = runner.run(&[("fail-on", "")]);
    assert_eq!(job.code, 0, "{}", job.log);
    let url = format!("curl https://github.invalid/acme/tagboat/releases/download/v{VERSION}/{}\n", asset());
    assert!(job.log.contains(&url), "{}", job.log);
    assert!(job.log.contains("gh attestation verify"), "{}", job.log);
    assert!(job.log.contains("--repo acme/tagboat on github.invalid"), "{}", job.log);
    fs::write(runner.at("home/forged"), "").unwrap();
    fs::remove_file(runner.at("temp/tagboat/bin/tagboat")).unwrap();
    let forged = runner.run(&[]);
    assert_eq!((forged.code, forged.ran.len()), (1, 2), "{}", forged.log);
    // Forgejo has no attestations, and its token is not for GitHub.
    runner.variables.insert("FORGEJO_ACTIONS".to_owned(), "true".to_owned());
    let forgejo = runner.run(&[("fail-on", "")]);
    assert!(forgejo.code == 0 && !forgejo.log.contains("gh attestation"), "{}", forgejo.log);
}

#[tokio::test(flavor = "multi_thread")]
async fn builds_from_sources_without_release() {
    let runner = Runner::new().await;
    // A build takes minutes: this cargo prints its arguments and copies the program.
    let copy = format!("while [ $1 != --root ]; do shift; done; cp {PROGRAM} $2/bin/tagboat");
    runner.tool("cargo", &format!("echo \"cargo $*\"\n{copy}"));
    runner.tool("rustup", "echo \"rustup $*\"");
    let job = runner.run(&[("fail-on", "")]);
    assert_eq!((job.code, &job.ran[1][..]), (0, "build.sh"), "{}", job.log);
    let install = format!("cargo install --locked --path {}", runner.at("action").display());
    assert!(job.log.contains(&install) && job.log.contains("rustup toolchain install 1."), "{}", job.log);
    assert_eq!(job.outputs["prs-created"], "true");
}

#[test]
fn pins_other_actions_and_never_pastes_inputs_into_scripts() {
    let text = fs::read_to_string(Path::new(ROOT).join("action.yml")).unwrap();
    let action: Value = serde_yaml::from_str(&text).unwrap();
    for step in action["runs"]["steps"].as_array().unwrap() {
        if let Some(used) = step["uses"].as_str() {
            let (_, version) = used.split_once('@').unwrap();
            assert!(version.len() == 40 && version.bytes().all(|byte| byte.is_ascii_hexdigit()), "{used}");
        }
        assert!(!step["run"].as_str().unwrap_or_default().contains("${{"), "{step}");
    }
}
