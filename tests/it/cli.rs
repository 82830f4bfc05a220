//! The command line: help, exit codes, JSON, colors, and what each command must not change.
#![cfg(unix)]

use std::path::Path;

use serde_json::Value;
use tagboat::demo::registry::{EmbeddedRegistry, ImageSpec};
use tagboat::forge::FORGES;
use tempfile::TempDir;

use crate::support::git_http;
use crate::support::gitops::{self, pod};
use crate::support::repository::{Bare, git, snapshot};
use crate::support::tagboat::Tagboat;

const COMMANDS: &[&str] =
    &["run", "plan", "edit", "list", "explain", "check", "init", "demo", "schema", "completions", "man", "help"];

/// A checkout of a repository with two images, one of which has a newer tag, and the registry that has it.
struct Repository {
    registry: EmbeddedRegistry,
    /// The configuration of the registry.
    plain: String,
    folder: TempDir,
    bare: Bare,
}

impl Repository {
    async fn new() -> Self {
        let registry = gitops::registry().await;
        let folder = TempDir::new().unwrap();
        let bare = Bare::new(folder.path(), "gitops");
        let image = format!("{}/acme/api", registry.host());
        let plain = format!("registries: {{ '{}': {{ plain-http: true }} }}\n", registry.host());
        let files = [
            ("api/app.yaml", pod(&[format!("{image}:1.0")])),
            ("web/app.yaml", pod(&[format!("{image}:1.1")])),
            ("tagboat.yaml", plain.clone()),
        ];
        bare.commit("main", &files.each_ref().map(|(path, text)| (*path, &**text)), "Deploy");
        git(folder.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
        Self { registry, plain, folder, bare }
    }

    fn checkout(&self) -> std::path::PathBuf {
        self.folder.path().join("checkout")
    }

    /// Returns the program, with a folder as its forge.
    fn tagboat(&self) -> Tagboat {
        Tagboat::new()
            .with_config(&format!("forge: {{ kind: local, folder: {}/pulls }}\n", self.folder.path().display()))
    }

    fn at(&self) -> String {
        self.checkout().display().to_string()
    }
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn has(value: &Value, promised: &[&str]) {
    for key in promised {
        assert!(keys(value).contains(key), "{key} is not in {value:#}");
    }
}

/// Names of products that have capitals inside.
const PROPER_NAMES: &[&str] = &["GitHub", "GitLab"];

#[test]
fn help_lists_every_command_and_invalid_usage_exits_with_64() {
    let tagboat = Tagboat::new();
    let help = tagboat.run(&["--help"]);
    for command in COMMANDS {
        assert!(help.stdout.contains(&format!("\n  {command} ")), "{command} is not in {}", help.stdout);
        let own = tagboat.run(&[command, "--help"]);
        assert_eq!((own.code, &*own.stderr), (0, ""));
        assert!(own.stdout.contains("Usage: tagboat") && own.stdout.contains("--color"), "{}", own.stdout);
        let reads_repository = !["demo", "schema", "completions", "man", "help"].contains(command);
        assert_eq!(own.stdout.contains("--repository"), reads_repository, "{}", own.stdout);
        let needs_folder = ["edit", "explain", "init"].contains(command);
        assert_eq!(own.stdout.contains("--repository <DIR|URL>"), reads_repository && !needs_folder, "{}", own.stdout);
        assert_eq!(own.stdout.contains("--format"), reads_repository && *command != "init", "{}", own.stdout);
    }
    // A name of the source in a text for people is a slip of a renaming.
    let name = regex::Regex::new(r"\b[A-Z][a-z]+[A-Z][a-z]+\w*").unwrap();
    for command in COMMANDS {
        let own = tagboat.run(&[command, "--help"]).stdout;
        let names: Vec<_> =
            name.find_iter(&own).map(|found| found.as_str()).filter(|name| !PROPER_NAMES.contains(name)).collect();
        assert_eq!(names, [""; 0], "{command}");
    }
    assert!(help.stdout.contains("Exit codes:\n  0 "), "{}", help.stdout);
    let version = tagboat.run(&["--version"]);
    assert_eq!((version.code, version.stdout), (0, format!("tagboat {}\n", env!("CARGO_PKG_VERSION"))));
    #[rustfmt::skip]
    let wrong: &[&[&str]] = &[
        &[], &["frobnicate"], &["run", "--frobnicate"], &["list", "--format", "yaml"], &["explain"],
        &["run", "--image", "Not An Image"], &["list", "-C", "/nowhere"], &["list", "--config", "/nowhere.yaml"],
        &["explain", "api", "--tags", "/nowhere"], &["explain", "api", "--current", "1", "--policy", "semver: >=1.x.y", "--tags", "-"],
    ];
    for arguments in wrong {
        let output = tagboat.run(arguments);
        assert_eq!((output.code, output.stdout.is_empty()), (64, true), "{arguments:?}: {output:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn names_the_argument_that_cannot_be_used() {
    let tagboat = Tagboat::new();
    let home = tagboat.home().display().to_string();
    let pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: ghcr.io/acme/held:1.0 # tagboat: absent\n  - name: b\n    image: ghcr.io/acme/notice:${TAG}\n  - name: c\n    image: ghcr.io/acme/left:1.0 # tagboat: ignore\n";
    std::fs::write(tagboat.home().join("pod.yaml"), pod).unwrap();
    let missing = "invalid value for --repository: the folder /nowhere does not exist";
    let scheme =
        "invalid value for --repository: unsupported scheme `ftp`: not a URL with http, https, ssh, git or file";
    let query = "invalid value for --repository: its query may have a secret";
    let secret_url = "https://git.invalid/a?private_token=x";
    let file = "/nowhere/a.json: the folder /nowhere does not exist";
    #[rustfmt::skip]
    let rows: &[(&[&str], i32, &str, &str)] = &[
        // arguments                                          code  message             hint
        (&["list", "-C", "/nowhere"],                          64,   missing,            "correct --repository or TAGBOAT_REPOSITORY"),
        (&["plan", "-C", "/nowhere"],                          64,   missing,            "correct --repository or TAGBOAT_REPOSITORY"),
        (&["run", "-C", "/nowhere"],                           64,   missing,            "correct --repository or TAGBOAT_REPOSITORY"),
        (&["check", "-C", "/nowhere"],                         64,   missing,            "correct --repository or TAGBOAT_REPOSITORY"),
        (&["edit", "-C", "/nowhere"],                          64,   missing,            "correct --repository or TAGBOAT_REPOSITORY"),
        (&["init", "-C", "/nowhere"],                          64,   missing,            "correct --repository or TAGBOAT_REPOSITORY"),
        (&["run", "-C", "pod.yaml"],                           64,   "pod.yaml is not a folder", "correct --repository"),
        (&["list", "-C", "ftp://x/y"],                         64,   scheme,             "write a URL as for `git clone`"),
        (&["run", "-C", "ftp://x/y"],                          64,   scheme,             "write a URL as for `git clone`"),
        (&["list", "-C", secret_url],                          64,   query,              "remove it from the URL"),
        (&["explain", "ghcr.io/acme/held"],                    64,   "is held: ",        "troubleshooting.md#held-references"),
        (&["explain", "ghcr.io/acme/notice"],                  64,   "is held: ",        "troubleshooting.md#held-references"),
        (&["explain", "notice"],                               64,   "is held: ",        "troubleshooting.md#held-references"),
        (&["explain", "left"],                                 64,   "is ignored: ",     "formats.md#what-is-ignored"),
        (&["explain", "x y"],                                  64,   "invalid image name `x y`: ", "write a name that"),
        (&["explain", "ghcr.io/acme/other"],                   64,   "no manifest uses it", "run `tagboat list`"),
        (&["edit", "--report", "/nowhere/a.json"],             1,    file,               "choose a file in a folder"),
        (&["edit", "--junit", "/nowhere/a.json"],              1,    file,               "choose a file in a folder"),
        (&["edit", "--junit", &home],                          1,    "it is a folder",   "choose a file in a folder"),
        (&["edit", "--report", &home],                         64,   "it is a folder",   ""),
    ];
    for (arguments, code, message, hint) in rows {
        let output = tagboat.run(arguments);
        let has_both = output.stderr.contains(message) && output.stderr.contains(hint);
        assert!(output.code == *code && has_both, "{arguments:?}: {output:?}");
        assert!(!output.stderr.contains(".tagboat-"), "{arguments:?}: {output:?}");
    }
    let output = tagboat.with("TAGBOAT_REPOSITORY", "ftp://x/y").run(&["plan"]);
    assert!(output.code == 64 && output.stderr.contains("invalid value for TAGBOAT_REPOSITORY: "), "{output:?}");
    for variable in ["TAGBOAT_CONFIG", "TAGBOAT_CACHE_DIR"] {
        let output = Tagboat::new().with(variable, "").run(&["edit"]);
        let message = format!("invalid value for {variable}: expected a value, found none");
        let hint = format!("set {variable} to a value, or unset it");
        assert!(output.stderr.contains(&message) && output.stderr.contains(&hint), "{output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn prints_the_documented_json_and_exit_codes() {
    let repository = Repository::new().await;
    let (tagboat, at) = (repository.tagboat(), repository.at());
    let json = |arguments: &[&str]| {
        let output = tagboat.run(&[arguments, &["-C", &at, "--format", "json"]].concat());
        assert_eq!((output.code, &*output.stderr), (0, ""), "{arguments:?}: {}", output.stdout);
        output.json()
    };
    let list = json(&["list"]);
    #[rustfmt::skip]
    has(&list[0], &["path", "line", "column", "format", "field", "value", "name", "tag", "digest", "value-span", "tag-span",
                    "digest-span", "status", "policy", "reason"]);
    let text = String::from_utf8(repository.bare.file("main", "api/app.yaml")).unwrap();
    let at_span = |span: &Value| {
        let [start, end] = [&span[0], &span[1]].map(|at| usize::try_from(at.as_u64().unwrap()).unwrap());
        text[start..end].to_owned()
    };
    assert_eq!(
        (at_span(&list[0]["tag-span"]), &*at_span(&list[0]["value-span"])),
        ("1.0".into(), list[0]["value"].as_str().unwrap())
    );
    assert_eq!(
        (&list[0]["digest-span"], &list[0]["status"], list.as_array().unwrap().len()),
        (&Value::Null, &"managed".into(), 2)
    );

    let explain = json(&["explain", "api"]);
    has(&explain, &["image", "current", "chosen", "outcome", "policy", "candidates"]);
    has(&explain["candidates"][0], &["tag", "verdict", "reason"]);
    assert_eq!((&explain["chosen"], &explain["outcome"]), (&"1.1".into(), &"update".into()));

    let plan = json(&["plan"]);
    has(&plan, &["changes", "proposals", "held", "failed", "requests"]);
    has(&plan["changes"][0], &["path", "line", "name", "from", "to", "policy", "reason"]);
    has(&plan["proposals"][0], &["branch", "title", "action", "url", "reason"]);
    has(&plan["requests"], &["registry", "token", "forge"]);
    assert_eq!(plan["proposals"][0]["branch"], "tagboat/api");
    assert_eq!(keys(&json(&["run", "--dry-run"])), keys(&plan));
    assert_eq!(repository.bare.branches().len(), 1);
    assert!(json(&["check"]).to_string().contains("configuration"));
    let remote = tagboat.run(&["check", "-C", &repository.bare.url()]);
    assert!(remote.stdout.contains("operator.yaml and tagboat.yaml are valid"), "{}", remote.stdout);
    let schema = tagboat.run(&["schema"]).json();
    assert!(schema["properties"]["policies"].is_object());
    let kinds = schema["$defs"]["ForgeSchema"]["properties"]["kind"]["enum"].as_array().unwrap().clone();
    assert!(kinds.iter().filter_map(|kind| kind.as_str()).eq(FORGES.iter().map(|forge| forge.name)), "{kinds:?}");

    let detailed = ["-C", &at, "--detailed-exitcode"];
    assert_eq!(tagboat.run(&[&["plan"], &detailed[..]].concat()).code, 2);
    assert_eq!(tagboat.run(&[&["run"], &detailed[..]].concat()).code, 2);
    assert_eq!(tagboat.run(&[&["run"], &detailed[..]].concat()).code, 0, "the second run has nothing to do");
    assert_eq!(json(&["run"])["already-proposed"][0]["to"], "1.1");
    assert_eq!(tagboat.run(&[&["edit"], &detailed[..]].concat()).code, 2);
    assert_eq!(tagboat.run(&[&["edit"], &detailed[..]].concat()).code, 0);
    assert_eq!(git(&repository.checkout(), &["diff", "--numstat"]), "1\t1\tapi/app.yaml");
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_reports_in_every_file_format() {
    let repository = Repository::new().await;
    let image = repository.plain.split('\'').nth(1).unwrap();
    let lost = pod(&[format!("{image}/acme/lost:1.0"), format!("{image}/acme/api:latest")]);
    repository.bare.commit(
        "main",
        &[("lost/app.yaml", &lost), ("bad.yaml", "kind: Pod\nimage: \"ghcr.io/acme/api:1.0\n")],
        "Add a missing image",
    );
    let (tagboat, at) = (repository.tagboat(), repository.at());
    let file = |name: &str| tagboat.home().join(name).display().to_string();
    let names = ["report.json", "report.md", "report.html", "report.txt"].map(file);
    let reports = names.iter().flat_map(|name| ["--report", name]).collect::<Vec<_>>();
    let output = tagboat.run(&[&["run", "-C", &at, "--junit", &file("results.xml")], &reports[..]].concat());
    assert_eq!(output.code, 3, "{output:?}");
    let [json, markdown, html, text] = names.map(|name| std::fs::read_to_string(name).unwrap());
    let junit = std::fs::read_to_string(file("results.xml")).unwrap();

    let json: Value = serde_json::from_str(&json).unwrap();
    let images = json["images"].as_array().unwrap();
    let states = images.iter().map(|row| (row["status"].as_str().unwrap(), row["current"].as_str().unwrap()));
    assert_eq!(
        states.collect::<Vec<_>>(),
        [("failed", "1.0"), ("held", "latest"), ("update", "1.0"), ("up-to-date", "1.1")],
        "{json:#}"
    );
    let update = &images[2];
    assert_eq!((&update["chosen"], &update["branch"]), (&"1.1".into(), &"tagboat/api".into()), "{update}");
    assert_eq!(update["locations"][0], "api/app.yaml:4");
    assert_eq!(update["built"], "1970-01-01T00:00:00Z", "an HTML report was requested, which shows ages");
    assert_eq!(json["about"]["base"], "main");

    let counts = "tests=\"5\" failures=\"1\" errors=\"0\" skipped=\"2\"";
    assert!(junit.contains(counts), "the file with invalid YAML is skipped, too: {junit}");
    assert!(junit.contains("/acme/lost:1.0\" file=\"lost/app.yaml\" line=\"4\""), "{junit}");
    assert!(html.contains(">opened<") && html.contains("acme/<wbr>lost"), "{html}");
    assert!(markdown.starts_with("## Tagboat") && text.contains("Pull requests"));

    let wrong = tagboat.run(&["plan", "-C", &at, "--report", "report.pdf"]);
    assert_eq!(wrong.code, 64);
    assert!(wrong.stderr.contains("`.txt`, `.json`, `.md`, `.html`, `.outputs`, `.annotations`"), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn run_with_path_leaves_other_files_and_pull_requests_alone() {
    let repository = Repository::new().await;
    let (tagboat, url) = (repository.tagboat(), repository.bare.url());
    let config = format!("pull-requests: {{ group: all, labels: [from-file] }}\n{}", repository.plain);
    let manifest = String::from_utf8(repository.bare.file("main", "api/app.yaml")).unwrap();
    repository.bare.commit("main", &[("tagboat.yaml", &config), ("web/app.yaml", &manifest)], "Two at 1.0");
    // This branch has only one of the two references, so the branch of the open pull request does not match.
    let files = [("tagboat.yaml", &*config), ("api/app.yaml", &*manifest), ("web/app.yaml", "kind: Pod\n")];
    repository.bare.commit("next", &files, "A branch for --base");
    assert_eq!(tagboat.run(&["run", "-C", &url]).code, 0);
    repository.registry.push("acme/api", "1.2", &ImageSpec::default()).unwrap();
    let output = tagboat.run(&["run", "-C", &url, "--path", "api/**", "--format", "json"]);
    assert_eq!(output.json()["proposals"][0]["action"], "update", "{output:?}");
    let on_branch = |file| String::from_utf8(repository.bare.file("tagboat/all", file)).unwrap();
    assert_eq!(on_branch("api/app.yaml"), manifest.replace(":1.0\n", ":1.2\n"));
    assert_eq!(on_branch("web/app.yaml"), manifest.replace(":1.0\n", ":1.1\n"), "the other file stays proposed");
    let elsewhere = tagboat.run(&["run", "-C", &url, "--path", "nowhere/**", "--format", "json"]).json();
    assert_eq!(elsewhere["proposals"][0]["action"], "leave", "{elsewhere:#}");

    let pulls = || std::fs::read_to_string(repository.folder.path().join("pulls/0001.json")).unwrap();
    assert!(pulls().contains("from-file"), "{}", pulls());
    let output = tagboat.run(&["run", "-C", &url, "--label", "from-flag", "--format", "json"]);
    assert!(output.code == 0 && pulls().contains("from-flag"), "{output:?} {}", pulls());
    let next = tagboat.run(&["plan", "-C", &url, "--base", "next", "--format", "json"]).json();
    assert_eq!((&next["about"]["base"], next["changes"].as_array().unwrap().len()), (&"next".into(), 1), "{next:#}");
    for wrong in [["--path", "/api"], ["--base", "no..good"]] {
        let output = tagboat.run(&[&["plan", "-C", &url], &wrong[..]].concat());
        assert_eq!((output.code, output.stderr.contains(wrong[0])), (64, true), "{output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_changes_nothing_in_checkout_or_remote() {
    let repository = Repository::new().await;
    let checkout = repository.checkout();
    // Uncommitted changes of a person.
    std::fs::write(checkout.join("web/app.yaml"), "unfinished").unwrap();
    std::fs::write(checkout.join("new.yaml"), "staged").unwrap();
    git(&checkout, &["add", "new.yaml"]);
    let (before, remote) = (snapshot(&checkout), snapshot(&repository.bare.path));
    let tagboat = Tagboat::new();
    let server = git_http::serve(repository.folder.path(), "bot", "secret");
    let mut locations = vec![repository.at(), repository.bare.url()];
    locations.extend(server.iter().map(|server| format!("{}/gitops.git", server.public_url)));
    for location in &locations {
        let output = tagboat.run(&["plan", "-C", location, "--format", "json"]);
        assert_eq!(output.code, 0, "{location}: {output:?}");
        assert_eq!(output.json()["changes"][0]["path"], "api/app.yaml", "{location}: {output:?}");
        let list = tagboat.run(&["list", "-C", location, "--format", "json"]);
        assert_eq!(list.code, 0, "{location}: {list:?}");
    }
    // `plan` uses the whole repository from any folder in it; `list` uses the folder.
    let below = checkout.join("api").display().to_string();
    let output = tagboat.run(&["plan", "-C", &below, "--format", "json"]);
    assert_eq!(output.json()["changes"][0]["path"], "api/app.yaml", "{output:?}");
    let list = tagboat.run(&["list", "-C", &below, "--format", "json"]);
    assert_eq!(list.json()[0]["path"], "app.yaml", "{list:?}");
    assert!(list.stderr.contains("tagboat.yaml: this command reads"), "{list:?}");
    assert!(snapshot(&checkout) == before, "the checkout has changed");
    assert!(snapshot(&repository.bare.path) == remote, "the remote has changed");
    assert_eq!(files_below(tagboat.home()), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_and_plan_report_settings_without_effect() {
    let repository = Repository::new().await;
    let config = format!("{}rules: [{{ paths: [app/**] }}, {{ paths: [api/**] }}]\n", repository.plain);
    repository.bare.commit("main", &[("tagboat.yaml", &*config)], "Configure");
    let (tagboat, at) = (repository.tagboat(), repository.bare.url());
    let check = tagboat.run(&["check", "-C", &at, "--format", "json"]);
    let found = check.json();
    let warnings = found["checks"].as_array().unwrap().iter().filter(|row| row["status"] == "warning");
    let expected = "tagboat.yaml:2: `app/**`: no file matches this path; the nearest is `api/app.yaml`";
    assert_eq!(warnings.map(|row| &row["message"]).collect::<Vec<_>>(), [expected], "{check:?}");
    assert_eq!(check.code, 0, "a warning is no failure: {check:?}");
    for command in ["plan", "run"] {
        let output = tagboat.run(&[command, "-C", &at, "--format", "json"]);
        let held = &output.json()["held"];
        assert_eq!(
            (&held[0]["path"], &held[0]["line"], held.as_array().unwrap().len()),
            (&"tagboat.yaml".into(), &2.into(), 1)
        );
    }
    let shared = tagboat.with_config(&config);
    let output = shared.run(&["plan", "-C", &at, "--format", "json"]);
    assert_eq!(output.json()["held"].as_array().unwrap().len(), 1, "only of the repository's file: {output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_fails_for_a_clone_that_cannot_be_read() {
    let repository = Repository::new().await;
    let history =
        format!("{}policies: {{ app: {{ git-history: ../nowhere }} }}\nrules: [{{ policy: app }}]\n", repository.plain);
    repository.bare.commit("main", &[("tagboat.yaml", &*history)], "Use a history");
    let (tagboat, at) = (repository.tagboat(), repository.bare.url());
    let check = tagboat.run(&["check", "-C", &at]);
    assert!(check.code == 1 && check.stdout.contains("cannot read the history of ../nowhere: "), "{check:?}");
}

/// Returns the files below a folder.
fn files_below(folder: &Path) -> Vec<String> {
    snapshot(folder).into_keys().filter(|path| path.is_file()).map(|path| path.display().to_string()).collect()
}

#[test]
fn explain_with_tags_needs_no_registry() {
    let tagboat = Tagboat::new();
    let tags = "1.2.3\n1.3.0\n\n# a comment\n2.0.0\n1.3.0-rc.1\nlatest\n";
    let arguments = ["explain", "api", "--tags", "-", "--current", "1.2.3", "--policy", "semver: ^1.2"];
    let output = tagboat.feed(&[&arguments[..], &["--format", "json"]].concat(), tags);
    assert_eq!(output.code, 0, "{output:?}");
    let explained = output.json();
    assert_eq!((&explained["chosen"], &explained["current"]), (&"1.3.0".into(), &"1.2.3".into()));
    assert_eq!(explained["candidates"].as_array().unwrap().len(), 5);
    let nowhere = tagboat.feed(&[&arguments[..], &["-C", "/nowhere"]].concat(), tags);
    assert_eq!(nowhere.code, 0, "no repository is read: {nowhere:?}");
    let reverse: String = tags.lines().rev().map(|line| format!("{line}\n")).collect();
    assert_eq!(tagboat.feed(&[&arguments[..], &["--format", "json"]].concat(), &reverse).json(), explained);
    let text = tagboat.feed(&arguments, tags);
    assert!(text.stdout.contains("→  1.3.0") && text.stdout.contains("2.0.0"), "{}", text.stdout);
    let arguments =
        ["explain", "api", "--tags", "-", "--current", "1.2.3", "--policy", "newest-build", "--format", "json"];
    let unknown = tagboat.feed(&arguments, "1.2.3\n1.3.0\nno tag!\n");
    assert_eq!((unknown.code, &unknown.json()["outcome"]), (1, &"unknown".into()), "{unknown:?}");
    assert!(unknown.stdout.contains("not looked up, because --tags gives the tags"), "{unknown:?}");
    for candidate in unknown.json()["candidates"].as_array().unwrap().iter().filter(|one| one["tag"] != "no tag!") {
        assert_eq!(candidate["verdict"], "not-eligible-yet", "a failed lookup delays a tag: {candidate}");
    }
}

#[test]
fn logs_decisions_and_calls_of_git() {
    let tagboat = Tagboat::new();
    std::fs::write(tagboat.home().join("tags"), "1.0\n1.1\n").unwrap();
    let explained = tagboat.run(&["explain", "api", "--tags", "tags", "--current", "1.0", "--policy", "shape"]);
    assert!(explained.log.contains("INFO api:1.0: update to 1.1: "), "{}", explained.log);
    let checked = tagboat.run(&["check"]);
    assert!(checked.log.contains("DEBUG git version"), "{}", checked.log);
}

#[test]
fn hints_name_what_the_operator_can_change() {
    let folder = TempDir::new().unwrap();
    let bare = Bare::new(folder.path(), "gitops");
    bare.commit("main", &[("app.yaml", "image: 127.0.0.1:1/acme/api:1.0\n")], "Deploy");
    let local = format!("forge: {{ kind: local, folder: '{}/pulls' }}", folder.path().display());
    let commits = format!("{local}\ngit: {{ commits: api }}");
    std::fs::write(folder.path().join("file"), "").unwrap();
    let below_file = format!("forge: {{ kind: local, folder: '{}/file/pulls' }}", folder.path().display());
    let no_api = "`commits: api` is not supported by the local forge";
    #[rustfmt::skip]
    let rows: &[(&str, &str, &str, &str)] = &[
        // configuration of the operator   command  message                                                     hint
        ("forge: { kind: local }",         "run",   "missing `forge.folder`, which `kind: local` needs",        "set `forge: { kind: local, folder: ../pulls }`"),
        ("forge: { kind: gitea }",         "run",   "unknown address of the repository",                        "set `forge: { url: …, repository: owner/name }`"),
        (&commits,                         "run",   no_api,                                                     "remove `commits: api` where `git:` is set"),
        (&commits,                         "check", no_api,                                                     "remove `commits: api` where `git:` is set"),
        (&below_file,                      "check", "file is not a folder",                                      "set `forge.folder` to a folder that Tagboat may write to"),
        ("repository-config: required",    "check", "cannot read tagboat.yaml of the repository: no such file", "or remove `repository-config: required`"),
    ];
    for (config, command, message, hint) in rows {
        let output = Tagboat::new().with_config(config).run(&[command, "-C", &bare.url()]);
        let printed = format!("{}{}", output.stdout, output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(output.code != 0 && printed.contains(message), "{config}: {output:?}");
        assert!(printed.contains(hint) && !printed.contains("in tagboat.yaml"), "{config}: {output:?}");
    }
}

/// Services whose images have variables.
const COMPOSE: &str = "services:
  a: { image: \"acme/shop:${SHOP}\" }
  b: { image: \"${IMAGE}\" }
  c: { image: \"$HOST/acme/shop:1.0\" }
  d: { image: \"acme/shop:${ELSEWHERE}\" }
  e: { image: \"${WHOLE:?set it}\" }
  f: { image: \"${NAME}:${ONE}\" }
  g: { image: \"${HOST}/d:${TWO:-2}\" }
  h: { image: \"acme/web:${BOTH}\" }
  i: { image: \"acme/worker:${BOTH}\" }
  j: { image: \"acme/api:${UNSET:-1.0}\" }
";

/// The variables of the services.
const ENV: &str = "# SHOP=0.1\nSHOP=0.9\nexport IMAGE='acme/shop:1.0'\nHOST=ghcr.io\nSHOP=1.0\nWHOLE=acme/jobs:1.0\nNAME=acme/named\nONE=1.0\nTWO=2.1\nBOTH=3.0\n";

/// Compose takes variables from the `.env` beside its file, where a setting manages their tags.
#[test]
fn list_names_the_line_that_sets_a_variable() {
    let setting = "manifests: { tags: [{ paths: [sub/.env], field: SHOP, image: acme/shop }] }\n";
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    for (path, text) in [("sub/compose.yaml", COMPOSE), ("sub/.env", ENV), ("compose.yaml", COMPOSE)] {
        std::fs::write(folder.path().join(path), text).unwrap();
    }
    let listed = || {
        let rows = Tagboat::new().run(&["list", "-C", folder.path().to_str().unwrap(), "--format", "json"]).json();
        let shown = |row: &serde_json::Value| {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            format!("{}:{} {}: {}", text("path"), row["line"], text("status"), text("reason"))
        };
        rows.as_array().unwrap().iter().map(shown).filter(|row| row.starts_with("sub/")).collect::<Vec<_>>()
    };
    let more = "`manifests: { tags: [{ paths: [sub/.env], field: SHOP, image: acme/shop }] }` manages it there";
    let setting_of = |field: &str, image: &str| {
        format!("`manifests: {{ tags: [{{ paths: [sub/.env], field: {field}, image: {image} }}] }}` manages it there")
    };
    let several = "`BOTH` is set at sub/.env:10, and `BOTH` is the tag of several images (acme/web, acme/worker), whose newest tags \
                   differ; give each a variable of its own, or update it there";
    let hint = "write the tag in its place, or as its default where `manifests: { variable-defaults: true }` is set";
    assert_eq!(
        listed(),
        [
            "sub/.env:3 managed: the default".to_owned(),
            "sub/.env:6 managed: the default".to_owned(),
            format!("sub/compose.yaml:2 held: the value contains a variable; `SHOP` is set at sub/.env:5, and {more}"),
            "sub/compose.yaml:3 ignored: a variable sets the value; `IMAGE` is set at sub/.env:3".to_owned(),
            "sub/compose.yaml:4 held: the value contains a variable; `HOST` is set at sub/.env:4; update it there"
                .to_owned(),
            format!("sub/compose.yaml:5 held: the value contains a variable; {hint}"),
            "sub/compose.yaml:6 ignored: a variable sets the value; `WHOLE` is set at sub/.env:6".to_owned(),
            format!(
                "sub/compose.yaml:7 held: the value contains a variable; `NAME` is set at sub/.env:7 and `ONE` is set at sub/.env:8, and {}",
                setting_of("ONE", "acme/named")
            ),
            format!(
                "sub/compose.yaml:8 held: the value contains a variable; `HOST` is set at sub/.env:4 and `TWO` is set at sub/.env:9, and {}",
                setting_of("TWO", "ghcr.io/d")
            ),
            format!("sub/compose.yaml:9 held: the value contains a variable; {several}"),
            format!("sub/compose.yaml:10 held: the value contains a variable; {several}"),
            "sub/compose.yaml:11 held: a variable sets the value; `manifests: { variable-defaults: true }` manages its default"
                .to_owned(),
        ]
    );
    std::fs::write(folder.path().join("tagboat.yaml"), setting).unwrap();
    let with_setting = listed();
    assert!(with_setting.contains(&"sub/.env:5 managed: the default".to_owned()), "{with_setting:#?}");
    let place = "sub/compose.yaml:2 ignored: the value contains a variable; `SHOP` is set at sub/.env:5";
    assert!(with_setting.contains(&place.to_owned()), "{with_setting:#?}");
}

#[test]
fn list_reports_paths_and_fields_that_match_nothing() {
    let folder = TempDir::new().unwrap();
    let config = "paths: { include: [api/**, ap/val*.yaml], exclude: [api/old/**, api/VERSION2] }
manifests:
  tags:
  - { paths: [api/*.yaml], field: worker.imagTag, image: nginx }
  - { paths: [charts/**], field: image.tag, image: nginx }
  - { paths: [api/values.yaml], field: worker.imageTag, image: nginx }
  patterns:
  - { paths: [api/values.yaml], regex: '^NO=(?<tag>.+)$', image: nginx }
  - { paths: [api/VERSION], regex: '^TAG=(?<tag>.+)$', image: nginx }
  app-versions: [{ paths: [api/Chart.yaml], image: nginx }]
rules:
- { paths: [gone/**], policy: ignore }
- { paths: [api/**] }
- { images: ['**', nginx, docker.io/library/ngin, 'gone/*'] }
- { paths: [api/VERSION2], policy: ignore }
policies:
  a: { follow: nosuch/** }
  b: { follow: [api, api/Chart.yaml, api/value.yaml] }
";
    std::fs::create_dir(folder.path().join("api")).unwrap();
    let files = [
        ("tagboat.yaml", config),
        ("api/values.yaml", "worker:\n  imageTag: 1.27.3\n"),
        ("api/VERSION", "TAG=1.27.3\n"),
        ("api/VERSION2", "TAG=1.27.3\n"),
        ("api/Chart.yaml", "apiVersion: v2\nname: api\n"),
    ];
    for (path, text) in files {
        std::fs::write(folder.path().join(path), text).unwrap();
    }
    let output = Tagboat::new().run(&["list", "-C", folder.path().to_str().unwrap(), "--format", "json"]);
    let rows = output.json();
    let rows = rows.as_array().unwrap().iter().filter(|row| row["format"] == "configuration");
    let rows = rows.map(|row| {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        assert_eq!(text("path"), "tagboat.yaml", "from the root of the repository");
        if text("reason").contains("has this field") {
            assert_eq!(
                (text("field"), text("value")),
                ("manifests.tags.field".to_owned(), "worker.imagTag".to_owned())
            );
        }
        (row["line"].as_u64().unwrap(), text("status"), text("reason"))
    });
    let rows = rows.collect::<Vec<_>>();
    let rows = rows.iter().map(|(line, status, reason)| (*line, &**status, &**reason)).collect::<Vec<_>>();
    #[rustfmt::skip]
    assert_eq!(rows, [
        (1,  "held",    "no file matches this path; the nearest is `api/values.yaml`"),
        (1,  "ignored", "no file matches this path"),
        (4,  "held",    "no file that matches `api/*.yaml` has this field; the nearest is `worker.imageTag`"),
        (5,  "held",    "no file matches this path"),
        (8,  "held",    "no match of `regex` in the files that match this path"),
        (10, "held",    "no `appVersion` in the files that match this path"),
        (12, "held",    "no file matches this path"),
        (14, "held",    "no reference has an image with this name; the nearest is `docker.io/library/nginx`"),
        (14, "held",    "no reference has an image with this name"),
        (15, "held",    "the rule at line 14 matches everything that this rule matches, and the first rule that matches decides; move this rule before it"),
        (15, "held",    "`paths` leaves out every file that matches this path"),
        (17, "held",    "no file matches this path"),
        (18, "held",    "no reference in the files that match this path"),
        (18, "held",    "no file matches this path; the nearest is `api/values.yaml`"),
    ]);
}

/// The value of `manifests.tags` and what `list` says about it; `None` if it has an effect.
#[rustfmt::skip]
const TAG_FIELDS: &[(&str, &str, Option<&str>)] = &[
    ("values.yaml",    "web.image.tag",               Some("the manifest names the image of this tag, ghcr.io/acme/web, which applies in place of `image`")),
    ("values.yaml",    "tags.acme.io/api",            Some("no file that matches `values.yaml` has this field; a key with other characters than letters and digits is in brackets: `tags[\"acme.io/api\"]`")),
    ("values.yaml",    "tags[\"acme.io/api\"]",     None),
    ("values.yaml",    "x.imageTag",                  Some("this field is an alias; write the one with the value, `shared`")),
    ("values.yaml",    "shared",                      None),
    (".gitlab-ci.yml", "variables.TOOL_TAG",          None),
];

#[test]
fn list_reports_fields_of_tags_without_effect() {
    let values = "web: { image: { repository: ghcr.io/acme/web, tag: 1.0.0 } }\ntags: { acme.io/api: 2.0.0 }\nshared: &v 4.0.0\nx: { imageTag: *v }\n";
    for (path, field, expected) in TAG_FIELDS {
        let folder = TempDir::new().unwrap();
        let files = [
            ("values.yaml", values),
            (".gitlab-ci.yml", "variables: { TOOL_TAG: 1.2.3 }\n"),
            (
                "op.yaml",
                &format!("manifests: {{ tags: [{{ paths: ['{path}'], field: '{field}', image: acme/named }}] }}\n"),
            ),
        ];
        for (path, text) in files {
            std::fs::write(folder.path().join(path), text).unwrap();
        }
        let (at, config) = (folder.path().display().to_string(), folder.path().join("op.yaml").display().to_string());
        let output = Tagboat::new().run(&["list", "-C", &at, "--config", &config, "--format", "json"]).json();
        let rows = output.as_array().unwrap();
        let is_managed = rows.iter().any(|row| row["name"] == "docker.io/acme/named" && row["status"] == "managed");
        let reported = rows.iter().find(|row| row["field"] == "manifests.tags.field");
        let reason = reported.map(|row| row["reason"].as_str().unwrap());
        assert_eq!((reason, is_managed), (*expected, expected.is_none()), "{field}: {output:#}");
        // The configuration is no manifest, also under another name.
        assert!(rows.iter().all(|row| row["path"] != "op.yaml" || row["format"] == "configuration"), "{output:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn list_reads_no_configuration_of_the_repository_as_a_manifest() {
    let repository = Repository::new().await;
    let config = "manifests: { tags: [{ paths: [kustomization.yaml], field: x.tag, image: ghcr.io/acme/named }] }\n";
    std::fs::write(repository.checkout().join("op.yaml"), config).unwrap();
    let at = repository.checkout().display().to_string();
    let file = repository.checkout().join("op.yaml").display().to_string();
    let rows = Tagboat::new().run(&["list", "-C", &at, "--config", &file, "--format", "json"]).json();
    let of_file = rows.as_array().unwrap().iter().filter(|row| row["path"] == "op.yaml");
    assert!(of_file.clone().all(|row| row["format"] == "configuration") && of_file.count() == 1, "{rows:#}");
}

#[test]
fn completions_and_manual_contain_every_command() {
    let tagboat = Tagboat::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = tagboat.run(&["completions", shell]);
        assert_eq!((script.code, &*script.stderr), (0, ""));
        for word in COMMANDS.iter().chain(&["detailed-exitcode"]) {
            assert!(script.stdout.contains(word), "{word} is not in the completions of {shell}");
        }
    }
    if let Some(bash) = crate::support::process::find("bash") {
        let script = tagboat.run(&["completions", "bash"]).stdout;
        let completion = "COMP_WORDS=(tagboat pl); COMP_CWORD=1; _tagboat tagboat pl tagboat; echo ${COMPREPLY[@]}";
        let output =
            std::process::Command::new(bash).args(["-c", &format!("{script}\n{completion}")]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "plan", "{output:?}");
    }
    let page = tagboat.run(&["man"]).stdout;
    assert!(page.starts_with(".ie") && COMMANDS.iter().all(|command| page.contains(command)), "{page}");
    assert!(tagboat.run(&["man", "run"]).stdout.contains("\\-\\-dry\\-run"));
    assert_eq!(tagboat.run(&["man", "nothing"]).code, 64);
    let help = tagboat.run(&["help", "run"]).stdout;
    assert_eq!((&help, tagboat.run(&["help", "--help"]).code), (&tagboat.run(&["run", "--help"]).stdout, 0));
    let edit = tagboat.run(&["edit", "--help"]).stdout;
    assert_eq!(edit.matches("pull request").count(), 1, "only that it opens none: {edit}");
}

#[test]
fn prints_colors_only_on_terminals_or_on_request() {
    let arguments = ["explain", "api", "--tags", "-", "--current", "1.0"];
    let color = |tagboat: &Tagboat, more: &[&str]| {
        tagboat.feed(&[&arguments[..], more].concat(), "1.1").stdout.contains('\u{1b}')
    };
    let (plain, no_color) = (Tagboat::new(), Tagboat::new().with("NO_COLOR", "1"));
    assert!(!color(&plain, &[]), "a pipe is not a terminal");
    assert!(color(&plain, &["--color", "always"]));
    assert!(!color(&plain, &["--color", "never"]));
    assert!(!color(&no_color, &[]));
}

#[tokio::test(flavor = "multi_thread")]
async fn init_writes_a_valid_configuration() {
    let repository = Repository::new().await;
    let (tagboat, at) = (repository.tagboat(), repository.at());
    assert_eq!(tagboat.run(&["init", "-C", &at]).code, 64, "the file exists");
    let printed = tagboat.run(&["init", "-C", &at, "--stdout"]).stdout;
    std::fs::remove_file(repository.checkout().join("tagboat.yaml")).unwrap();
    assert_eq!(tagboat.run(&["init", "-C", &at]).code, 0);
    let written = std::fs::read_to_string(repository.checkout().join("tagboat.yaml")).unwrap();
    assert_eq!(written, printed);
    let list = tagboat.run(&["list", "-C", &at]).stdout;
    let counts = list.lines().last().and_then(|line| line.split(':').next()).unwrap();
    assert!(written.contains(&format!("# Found when this was written: {counts}, with ")), "{counts}: {written}");
    std::fs::write(repository.checkout().join("tagboat.yaml"), written + &repository.plain).unwrap();
    for command in ["list", "plan"] {
        let output = tagboat.run(&[command, "-C", &at, "--format", "json"]);
        assert_eq!(output.code, 0, "{output:?}");
        assert!(output.stdout.contains("acme/api"), "{output:?}");
    }
}

#[test]
fn init_writes_no_file_if_nothing_is_found() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.yaml"), "title: nothing to deploy\n").unwrap();
    for stdout in [&["--stdout"][..], &[]] {
        let output = Tagboat::new().run(&[&["init", "-C", folder.path().to_str().unwrap()], stdout].concat());
        assert_eq!((output.code, &*output.stdout), (0, ""), "{output:?}");
        assert!(output.log.contains("nothing found here; no file written"), "{output:?}");
        assert!(!folder.path().join("tagboat.yaml").exists());
    }
}

#[cfg(unix)]
#[test]
fn init_writes_nothing_through_a_symbolic_link() {
    let pod = "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/acme/api:1.0\n";
    for target in ["existing.yaml", "absent.yaml", "folder"] {
        for options in [&[][..], &["--force"], &["--from", "renovate"], &["--from", "renovate", "--force"]] {
            let folder = tempfile::tempdir().unwrap();
            let (outside, inside) = (folder.path().join("outside"), folder.path().join("inside"));
            std::fs::create_dir_all(outside.join("folder")).unwrap();
            std::fs::create_dir(&inside).unwrap();
            std::fs::write(outside.join("existing.yaml"), "theirs").unwrap();
            std::fs::write(inside.join("app.yaml"), pod).unwrap();
            std::fs::write(inside.join("renovate.json"), "{ \"labels\": [\"deploy\"] }").unwrap();
            std::os::unix::fs::symlink(outside.join(target), inside.join("tagboat.yaml")).unwrap();
            let output = Tagboat::new().run(&[&["init", "-C", inside.to_str().unwrap()], options].concat());
            assert_ne!(output.code, 0, "{target} {options:?}: {output:?}");
            assert!(output.log.contains("tagboat.yaml"), "{target} {options:?}: {output:?}");
            assert!(inside.join("tagboat.yaml").is_symlink(), "{target} {options:?}");
            assert!(
                !outside.join("absent.yaml").exists()
                    && std::fs::read_dir(outside.join("folder")).unwrap().next().is_none()
            );
            assert_eq!(
                std::fs::read_to_string(outside.join("existing.yaml")).unwrap(),
                "theirs",
                "{target} {options:?}"
            );
        }
    }
}

#[test]
fn names_the_byte_at_which_a_file_is_not_utf_8() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display().to_string();
    let file = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        folder.path().join(name).display().to_string()
    };
    let operator = file("operator.yml", b"git: { base: caf\xe9 }\n");
    let tags = file("tags.txt", b"1.0\n1.\xff\n");
    let wide = file("wide.txt", b"\xff\xfe1\0.\0");
    file("renovate.json", b"{ \"labels\": [\"\xff\"] }");
    let explain = ["explain", "api", "--current", "1.0", "--policy", "shape", "--tags"];
    let rows: &[(Vec<&str>, &str)] = &[
        (vec!["list", "-C", &at, "--config", &operator], "the file is not UTF-8 at byte 16"),
        ([&explain[..], &[&tags]].concat(), "the file is not UTF-8 at byte 6"),
        ([&explain[..], &[&wide]].concat(), "the file is UTF-16 or UTF-32; save it as UTF-8"),
        (vec!["init", "-C", &at, "--from", "renovate"], "renovate.json: the file is not UTF-8 at byte 14"),
    ];
    for (arguments, expected) in rows {
        let output = Tagboat::new().run(arguments);
        assert!(output.code == 64 && output.log.contains(expected), "{arguments:?}: {output:?}");
    }
    file("tagboat.yaml", b"git: { base: caf\xe9 }\n");
    let output = Tagboat::new().run(&["list", "-C", &at]);
    let expected = "tagboat.yaml of the repository: the file is not UTF-8 at byte 16";
    assert!(output.code == 64 && output.log.contains(expected), "{output:?}");
}

#[test]
fn demo_runs_to_its_end_without_network() {
    // Proxies without a listener, and none at all: any use of the network would fail.
    let tagboat = Tagboat::new().with("HTTPS_PROXY", "http://127.0.0.1:9").with("HTTP_PROXY", "http://127.0.0.1:9");
    let tagboat = tagboat.with("ALL_PROXY", "http://[bad").with("NO_COLOR", "1");
    let output = tagboat.run(&["demo"]);
    assert_eq!((output.code, &*output.stderr), (0, ""), "{}", output.stdout);
    #[rustfmt::skip]
    let lines = ["Setup", "1. tagboat run", "\n-", "\n+", "opened", "2. tagboat run again", "unchanged",
                 "3. CI pushes ghcr.io/acme/api:1.4.11", "updated", "Next steps"];
    let mut rest = &*output.stdout;
    for line in lines {
        let at = rest
            .find(line)
            .unwrap_or_else(|| panic!("{line:?} is missing, or not in its place, in\n{}", output.stdout));
        rest = &rest[at + line.len()..];
    }
    assert_eq!(files_below(tagboat.home()), [""; 0], "all temporary files are removed");
}

#[test]
fn prints_no_password_of_the_repository_url() {
    let tagboat = Tagboat::new();
    for command in ["run", "plan", "edit", "list", "check", "init"] {
        let output = tagboat.run(&[command, "-C", "https://me:hunter2@127.0.0.1:1/a.git"]);
        let printed = format!("{}{}", output.stdout, output.log);
        assert!(output.code != 0 && !printed.contains("hunter2"), "{command}: {printed}");
    }
    let output = tagboat.with("TAGBOAT_REPOSITORY", "https://me:hunter2@127.0.0.1:1/a.git").run(&["explain", "nginx"]);
    assert!(output.code == 64 && !output.log.contains("hunter2"), "{output:?}");
}

/// The pull request, its commit and reports have the link to the job.
#[test]
fn refuses_a_link_to_the_job_with_a_secret() {
    let folder = TempDir::new().unwrap();
    let bare = Bare::new(folder.path(), "gitops");
    bare.commit("main", &[("README.md", "")], "First");
    for page in ["https://hunter2@ci.test/jobs/7", "https://ci.test/jobs/7?private_token=hunter2", "ci.test/hunter2"] {
        let output = Tagboat::new().with("TAGBOAT_RUN_URL", page).run(&["plan", "-C", &bare.url()]);
        let refused = output.log.contains("invalid TAGBOAT_RUN_URL: it ");
        assert!(output.code == 64 && refused && !output.log.contains("hunter2"), "{page}: {output:?}");
    }
}

#[test]
fn names_the_registry_of_an_absent_certificate_file() {
    let tagboat = Tagboat::new();
    git(tagboat.home(), &["init", "--quiet"]);
    let config = "registries: { quay.test: { ca-file: certs/none.pem } }";
    std::fs::write(tagboat.home().join("tagboat.yaml"), config).unwrap();
    let output = tagboat.run(&["list"]);
    let message = "cannot read the ca-file of quay.test, certs/none.pem of the repository: no such file";
    assert!(output.code == 64 && output.log.contains(message), "{output:?}");
}

#[test]
fn rejects_arguments_without_effect_and_a_period_without_pause() {
    let tagboat = Tagboat::new();
    #[rustfmt::skip]
    let rows: &[(&[&str], &str)] = &[
        (&["edit", "--label", "deploy"],     "unexpected argument `--label`"),
        (&["edit", "--base", "main"],        "unexpected argument `--base`"),
        (&["demo", "--format", "json"],      "unexpected argument `--format`"),
        (&["schema", "--config", "a.yaml"],  "unexpected argument `--config`"),
        (&["man", "-C", "."],                "unexpected argument `-C`"),
        (&["completions", "bash", "-C", "."], "unexpected argument `-C`"),
        (&["init", "--format", "json"],      "unexpected argument `--format`"),
        (&["list", "--cache-dir", "cache"],  "unexpected argument `--cache-dir`"),
        (&["run", "--every", "0s"],          "must be at least 1s"),
        (&["run", "--every", "5x"],          "write a duration such as `3d`, `12h`"),
    ];
    for (arguments, part) in rows {
        let output = tagboat.run(arguments);
        assert_eq!((output.code, output.log.contains(part)), (64, true), "{arguments:?}: {output:?}");
    }
}
