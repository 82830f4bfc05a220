//! Invalid input and failing services: each is reported with a reason and a hint, everything else is done, and scripts get an
//! exit code and a JSON document.
#![cfg(unix)]

use serde_json::Value;
use tempfile::TempDir;

use crate::support::double::{Double as Forge, READER, TOKEN};
use crate::support::git_http;
use crate::support::github::GITHUB;
use crate::support::http_double::{Double, ReceivedRequest, Reply};
use crate::support::process::ClosedPort;
use crate::support::repository::Bare;
use crate::support::tagboat::{ProgramOutput, Tagboat};

/// A bare repository whose forge is a folder, and the program.
struct Repository {
    folder: TempDir,
    bare: Bare,
    tagboat: Tagboat,
}

impl Repository {
    fn new(config: &str, files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let bare = Bare::new(folder.path(), "gitops");
        let forge = format!("forge: {{ kind: local, folder: {} }}\n", folder.path().join("pulls").display());
        bare.commit("main", &[&[("tagboat.yaml", config)], files].concat(), "Deploy");
        Self { folder, bare, tagboat: Tagboat::new().with_config(&forge) }
    }

    fn run(&self) -> ProgramOutput {
        self.tagboat.run(&["run", "-C", &self.bare.url(), "--format", "json"])
    }
}

/// A manifest with one image.
fn pod(image: &str) -> String {
    format!("kind: Pod\nspec:\n  containers:\n  - image: {image}\n")
}

/// Returns the configuration of registries without TLS.
fn plain(hosts: &[&str]) -> String {
    let entries: Vec<_> = hosts.iter().map(|host| format!("'{host}': {{ plain-http: true }}")).collect();
    format!("registries: {{ {} }}\n", entries.join(", "))
}

/// Answers as a registry in which every image except `acme/good` has a different fault.
fn answer(request: &ReceivedRequest) -> Reply {
    let image = request.path().trim_start_matches("/v2/").trim_end_matches("/tags/list");
    match image {
        "acme/good" => Reply::tags(["1.0", "1.1"]),
        "acme/unauthorized" => Reply::new(401, "{}").header("www-authenticate", "Basic realm=\"acme\""),
        "acme/forbidden" => Reply::new(403, "{}"),
        "acme/malformed" => Reply::new(200, "{\"tags\": [\"1.0\", "),
        "acme/early" => {
            Reply::tags(["1.0", "1.1"]).header("link", "<http://elsewhere.test/v2/acme/early/tags/list>; rel=\"next\"")
        }
        _ => Reply::new(404, "{}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn run_reports_every_fault_and_updates_the_rest() {
    let registry = Double::start(answer).await;
    let closed = ClosedPort::new();
    let (host, down) = (registry.host(), closed.address.clone());
    #[rustfmt::skip]
    let images = [
        // image                  reason
        ("acme/unauthorized",     "denied anonymous access"),
        ("acme/forbidden",        "403: http"),
        ("acme/missing",          "not found at"),
        ("acme/malformed",        "not a tag list"),
        ("acme/early",            "incomplete tag list"),
        ("acme/down",             "refused"),
    ];
    #[rustfmt::skip]
    let files = [
        // path                   contents                                                reason
        ("broken/app.yaml",       "image: [acme/api:1.0\nkind: }".to_owned(),            "YAML"),
        ("chart/template.yaml",   pod("\"{{ .Values.image }}:{{ .Values.tag }}\""),       "a template sets the value"),
        ("chart/bare.yaml",       "{{- if .Values.on }}\nimage: a:{{ .x }}\n{{- end }}\n".to_owned(), "template"),
        ("reference/app.yaml",    pod("ghcr.io/Acme/API:1.0"),                            "lower case"),
        ("marked/app.yaml",       pod("ghcr.io/acme/api:1.0 # tagboat: relaese"),         "relaese"),
    ];
    let good = ("good/app.yaml", pod(&format!("{host}/acme/good:1.0")));
    let unreachable = images.iter().map(|(image, _)| {
        let host = if *image == "acme/down" { &down } else { &host };
        (format!("{image}/app.yaml"), pod(&format!("{host}/{image}:1.0")))
    });
    let unreachable = unreachable.collect::<Vec<_>>();
    let mut all = vec![(good.0, &*good.1)];
    all.extend(unreachable.iter().map(|(path, text)| (&**path, &**text)));
    all.extend(files.iter().map(|(path, text, _)| (*path, &**text)));
    let config = format!("policies: {{ release: {{ semver: '*' }} }}\n{}", plain(&[&host, &down]));
    let repository = Repository::new(&config, &all);
    let output = repository.run();
    let report = output.json();
    assert_eq!(output.code, 3, "{report:#}");

    for (image, reason) in images {
        let found = row(&report["failed"], "subject", image);
        assert!(found["reason"].as_str().unwrap().contains(reason), "{found:#}");
        assert!(found["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{found:#}");
        assert_eq!(found["locations"][0], format!("{image}/app.yaml:4"));
    }
    assert_eq!(report["failed"].as_array().unwrap().len(), images.len());
    let listed = repository.tagboat.run(&["list", "-C", &repository.bare.url(), "--format", "json"]).json();
    for (path, _, reason) in files {
        let found = row(&listed, "path", path);
        assert_ne!(found["status"], "managed");
        assert!(found["reason"].as_str().unwrap().contains(reason), "{found:#}");
    }
    assert_eq!(repository.bare.branches().into_keys().collect::<Vec<_>>(), ["main", "tagboat/good"]);
    let proposed = String::from_utf8(repository.bare.file("tagboat/good", "good/app.yaml")).unwrap();
    assert_eq!(proposed, good.1.replace(":1.0\n", ":1.1\n"));
    assert!(repository.folder.path().join("pulls/0001.md").is_file());
}

/// Returns the row of a list whose field ends with a text.
fn row<'a>(list: &'a Value, field: &str, end: &str) -> &'a Value {
    let rows = list.as_array().unwrap();
    let found = rows.iter().find(|row| row[field].as_str().is_some_and(|text| text.ends_with(end)));
    found.unwrap_or_else(|| panic!("no row ends with {end} in {list:#}"))
}

#[test]
fn run_stops_at_an_invalid_configuration() {
    #[rustfmt::skip]
    let rows = [
        // tagboat.yaml                                           where and what                                       hint
        ("polices: {}",                                           "unknown key `polices`",           "use `policies`"),
        ("rules:\n  - policy: relaese\npolicies: { release: { semver: '*' } }", "unknown policy `relaese`", "use `release`"),
        ("policies:\n  p: { semver: '>=1.x.y' }",                 "policy `p`: `semver`",            "write a range such as"),
        ("policies:\n  p: { newest-build: true, include: '(' }",  "invalid regular expression",                       "quote the expression"),
        ("pull-requests: { group: '{{ pathdir }}' }",             "pathdir",                                           "path_dir"),
    ];
    for (config, what, hint) in rows {
        let repository = Repository::new(&format!("{config}\n"), &[("good/app.yaml", &pod("nginx:1.0"))]);
        let output = repository.run();
        assert_eq!(output.code, 64, "{config}: {output:?}");
        assert!(output.stderr.contains(what), "{config}: {}", output.stderr);
        assert!(output.stderr.contains("hint: ") && output.stderr.contains(hint), "{config}: {}", output.stderr);
        let error = &output.json()["errors"][0];
        assert!(error["message"].as_str().unwrap().contains(what), "{config}: {error:#}");
        assert!(error["hint"].as_str().unwrap().contains(hint), "{config}: {error:#}");
        assert!(error["hint"].as_str().unwrap().contains(": https://github.com/"), "{config}: {error:#}");
        assert!(error["message"].as_str().unwrap().starts_with("cannot read tagboat.yaml: "), "{config}: {error:#}");
        assert!(error["file"] == "tagboat.yaml" && error["line"].is_u64() && error["column"].is_u64(), "{error:#}");
        assert_eq!(repository.bare.branches().len(), 1);
    }
}

/// Each problem is reported once, with what to do.
#[test]
fn check_reports_a_missing_remote_and_an_invalid_configuration() {
    let folder = TempDir::new().unwrap();
    let init = std::process::Command::new("git").args(["init", "--quiet"]).current_dir(folder.path()).status().unwrap();
    assert!(init.success());
    let at = folder.path().display().to_string();
    let checks = || Tagboat::new().run(&["check", "-C", &at, "--format", "json"]);
    let output = checks();
    let found = row(&output.json()["checks"], "name", "git").clone();
    assert_eq!((output.code, &*output.stderr), (1, ""), "{output:?}");
    assert!(found["message"].as_str().unwrap().starts_with("cannot find remote origin in "), "{found:#}");
    assert!(found["hint"].as_str().unwrap().contains("run `git remote add origin URL`"), "{found:#}");
    std::fs::write(folder.path().join("tagboat.yaml"), "polices: {}\n").unwrap();
    let output = checks();
    let rows = output.json()["checks"].as_array().unwrap().clone();
    let statuses = rows.iter().map(|row| (row["name"].as_str().unwrap(), row["status"].as_str().unwrap()));
    assert_eq!(statuses.collect::<Vec<_>>(), [("configuration", "failed"), ("git", "failed")], "{output:?}");
    assert!(rows[0]["message"].as_str().unwrap().ends_with("unknown key `polices`, at line 1, column 1"), "{output:?}");
    assert!(rows[0]["hint"].as_str().unwrap().starts_with("use `policies`: https://"), "{output:?}");
    assert_eq!((output.code, &*output.stderr), (1, ""), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_rejected_pushes_and_tokens() {
    let registry = Double::start(answer).await;
    let manifest = pod(&format!("{}/acme/good:1.0", registry.host()));
    let two = [("one/app.yaml", &*manifest), ("two/app.yaml", &*manifest)];

    let plain = plain(&[&registry.host()]);
    let repository = Repository::new(&plain, &two);
    let refuse = "while read old new ref; do case $ref in */one) echo \"error: GH006: Protected branch update failed for \
                  $ref.\" >&2; exit 1;; esac; done";
    repository.bare.hook("pre-receive", refuse);
    let output = repository.run();
    let found = row(&output.json()["failed"], "subject", "one").clone();
    assert_eq!((output.code, found["reason"].as_str().unwrap().contains("GH006")), (3, true), "{output:?}");
    assert!(found["hint"].is_string());
    assert_eq!(repository.bare.branches().into_keys().collect::<Vec<_>>(), ["main", "tagboat/two"]);

    let forge = Forge::start(&GITHUB, &repository.bare.path);
    let config = format!("{plain}forge: {{ kind: github, url: '{}', repository: acme/gitops }}\n", forge.api_url);
    for (token, code, reason) in
        [(READER, 1, "permission denied (403)"), ("expired", 1, "the forge rejected the token (401)")]
    {
        let repository = Repository::new(&config, &two);
        let forge_of = Tagboat::new().with("TAGBOAT_FORGE_TOKEN", token).with("TAGBOAT_FORGE_URL", &forge.api_url);
        let output = forge_of.run(&["run", "-C", &repository.bare.url(), "--format", "json"]);
        assert_eq!(output.code, code, "{output:?}");
        assert!(output.stdout.contains(reason), "{output:?}");
        let document = output.json();
        assert!(["errors", "failed"].iter().any(|key| document[key][0]["hint"].is_string()), "{output:?}");
        assert!(forge.host(|host| host.pulls.is_empty()));
    }
    assert_ne!(TOKEN, READER);
}

/// Pull requests of a workflow's token start no workflows: this is reported once, not per pull request, and not as a failure.
#[tokio::test(flavor = "multi_thread")]
async fn warns_once_about_the_token_of_a_workflow() {
    let registry = Double::start(answer).await;
    let manifest = pod(&format!("{}/acme/good:1.0", registry.host()));
    let repository = Repository::new("", &[]);
    let forge = Forge::start(&GITHUB, &repository.bare.path);
    forge.host(|host| host.author = "github-actions[bot]".to_owned());
    let plain = plain(&[&registry.host()]);
    let config = format!("{plain}forge: {{ kind: github, url: '{}', repository: acme/gitops }}\n", forge.api_url);
    let files = [("tagboat.yaml", &*config), ("one/app.yaml", &*manifest), ("two/app.yaml", &*manifest)];
    repository.bare.commit("main", &files, "Deploy");
    let tagboat = Tagboat::new().with("TAGBOAT_FORGE_TOKEN", TOKEN).with("TAGBOAT_FORGE_URL", &forge.api_url);
    let output = tagboat.run(&["run", "-C", &repository.bare.url(), "--format", "json"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(output.stderr.matches("start no workflows").count(), 1, "{output:?}");
    assert!(output.stderr.contains("TAGBOAT_APP_ID"), "{output:?}");
    assert_eq!(forge.host(|host| host.pulls.len()), 2);
}

#[test]
fn reports_missing_git_missing_repository_and_denied_access() {
    let repository = Repository::new("", &[("app.yaml", &pod("nginx:1.0"))]);
    let url = repository.bare.url();
    let gone = format!("file://{}/gone.git", repository.folder.path().display());
    let rows = [
        (Tagboat::new().with("PATH", "/nowhere"), &url, "cannot find the program git", "install git"),
        (Tagboat::new(), &gone, "repository not found", "check the URL"),
    ];
    for (tagboat, url, what, hint) in rows {
        assert_error(&tagboat.run(&["run", "-C", url, "--format", "json"]), what, hint);
    }
    let Some(server) = git_http::serve(repository.folder.path(), "bot", "right") else { return };
    let url = format!("{}/gitops.git", server.url);
    let wrong = Tagboat::new().with("TAGBOAT_GIT_USER", "bot").with("TAGBOAT_GIT_PASSWORD", "wrong-password");
    let output = wrong.run(&["run", "-C", &url, "--format", "json"]);
    assert_error(&output, "access denied", "give the credentials permission");
    assert!(!format!("{output:?}").contains("wrong-password"));
}

fn assert_error(output: &ProgramOutput, what: &str, hint: &str) {
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stderr.contains(what) && output.stderr.contains(&format!("hint: {hint}")), "{output:?}");
    let error = &output.json()["errors"][0];
    assert!(error["message"].as_str().unwrap().contains(what), "{output:?}");
    assert!(error["hint"].as_str().unwrap().contains(hint), "{output:?}");
    assert!(error["hint"].as_str().unwrap().contains(": https://github.com/"), "{output:?}");
    assert!(error["line"].is_null(), "{output:?}");
}

/// Each image looks around for what it depends on: for its registry, for a marker. None is lost or counted twice.
#[test]
fn lists_thousands_of_images_of_one_document() {
    type Entry = fn(usize) -> String;
    #[rustfmt::skip]
    let documents: [Entry; 3] = [
        |i| format!("k{i}: {{ image: nginx:1.0.{i} }}\n"),
        |i| format!("k{i}: {{ image: nginx:1.0.{i} }} # tagboat: semver\n"),
        |i| format!("# tagboat: semver\nk{i}:\n  image: nginx:1.0.{i}\n"),
    ];
    for entry in documents {
        let tagboat = Tagboat::new();
        let text = (0..4_000).map(entry).collect::<String>();
        std::fs::write(tagboat.home().join("values.yaml"), text).unwrap();
        let output = tagboat.run(&["list"]);
        assert!(output.stdout.contains("4000 references"), "{}: {output:?}", entry(1));
    }
}

/// The result of a template is known only when it is rendered.
#[tokio::test(flavor = "multi_thread")]
async fn failing_template_fails_only_its_group() {
    let registry = Double::start(answer).await;
    let manifest = pod(&format!("{}/acme/good:1.0", registry.host()));
    let files = [("one/app.yaml", &*manifest), ("two/a.yaml", &*manifest), ("two/b.yaml", &*manifest)];
    #[rustfmt::skip]
    let rows = [
        // under pull-requests                                   what fails         why                                          location
        ("title: '{{ changes[1].name }}'",                       "one",             "cannot use the template `{{ changes[1].name }}` at tagboat.yaml:3: undefined value",   ""),
        ("branch: \"{{ 'a b' if group == 'one' else group }}\"", "pull-requests",   "invalid branch name",               "one/app.yaml:4"),
        ("group: \"{{ '' if path_dir == 'one' else path_dir }}\"", "pull-requests", "the result is empty",                       "one/app.yaml:4"),
    ];
    for (written, what, reason, location) in rows {
        let config = format!("{}pull-requests:\n  {written}\n", plain(&[&registry.host()]));
        let repository = Repository::new(&config, &files);
        let output = repository.run();
        let found = row(&output.json()["failed"], "subject", what).clone();
        assert_eq!(output.code, 3, "{output:?}");
        assert!(found["reason"].as_str().unwrap().contains(reason), "{found:#}");
        assert!(found["reason"].as_str().unwrap().contains(" at tagboat.yaml:3: "), "{found:#}");
        assert!(found["hint"].as_str().unwrap().contains("tagboat.yaml:3"), "{found:#}");
        assert!(location.is_empty() || found["locations"][0] == location, "{found:#}");
        assert_eq!(repository.bare.branches().into_keys().collect::<Vec<_>>(), ["main", "tagboat/two"], "{written}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exits_with_1_if_everything_failed() {
    let registry = Double::start(answer).await;
    let missing = pod(&format!("{}/acme/missing:1.0", registry.host()));
    let repository = Repository::new(&plain(&[&registry.host()]), &[("app.yaml", &missing)]);
    let output = repository.run();
    assert_eq!((output.code, output.json()["failed"].as_array().unwrap().len()), (1, 1), "{output:?}");
    assert_eq!(repository.bare.branches().len(), 1);
}
