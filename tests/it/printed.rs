//! Hostile text from repositories, registries, forges and arguments in everything that is printed: no line is a command to a CI
//! runner, and each character that acts on a terminal is visible.
#![cfg(unix)]

use std::path::Path;

use crate::support::double::{Answer, Fault, TOKEN};
use crate::support::gitops::GitOps;
use crate::support::http_double::{Double, Reply};
use crate::support::repository::git;
use crate::support::runner_commands::{IMITATED, acting, invisible};
use crate::support::tagboat::{ProgramOutput, Tagboat};

/// Commands of GitHub, Azure Pipelines and TeamCity, a title for the terminal, a console note of Jenkins, and characters that
/// hide or reorder text, and a line that looks like a hint. `@` is replaced by the number of the place.
const HOSTILE: &str = "h@\nhint: imitated\n::add-mask::x\r ::stop-commands::y\n##[add-mask]z ##vso[task.complete]a ##teamcity[buildStop]\
    \u{1b}]0;t\u{7}\u{1b}[8mha:b\u{1b}[0m\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}\u{85}\u{2028}\u{7f}";

const FORMATS: [&str; 7] = ["text", "json", "markdown", "html", "junit", "outputs", "annotations"];

fn hostile(place: usize) -> String {
    HOSTILE.replace('@', &place.to_string())
}

/// Returns the text as a scalar of YAML or JSON.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_ascii() && !c.is_control() => c.to_string(),
        c if u32::from(c) > 0xffff => format!("\\U{:08x}", u32::from(c)),
        c => format!("\\u{:04x}", u32::from(c)),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// A file whose lines around the image are commands.
fn manifest(image: &str) -> String {
    format!(
        "kind: Pod\nspec:\n  containers:\n  - args:\n    - |\n      ::add-mask::x\n      ##[add-mask]y \u{202e}z\n    image: {image}\n"
    )
}

/// A repository in which every name and value is hostile.
async fn repository() -> (GitOps, Tagboat) {
    let gitops = GitOps::new("", &[("app.yaml", "api:1.0")]).await;
    let (host, checkout) = (gitops.registry.host(), gitops.folder.path().join("checkout"));
    git(gitops.folder.path(), &["clone", "--quiet", &gitops.bare.url(), "checkout"]);
    let write = |path: &str, text: &str| {
        let path = checkout.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let image = format!("{host}/acme/api:1.0");
    write(&format!("{}/{}.yaml", hostile(1), hostile(2)), &manifest(&image));
    write(&format!("{}.yaml", hostile(3)), &format!("kind: Pod\nspec: {{ containers: [{}\n", quoted(&hostile(4))));
    let images = [hostile(5), format!("{host}/acme/api:{}", hostile(6)), format!("{host}/acme/api:1.0 {}", hostile(7))];
    let images: String = images.iter().map(|image| format!("  - image: {}\n", quoted(image))).collect();
    write("values.yaml", &format!("image:\n  repository: {host}/acme/api\n  tag: {}\n", quoted(&hostile(8))));
    write("pods.yaml", &format!("kind: Pod\nspec:\n  containers:\n{images}"));
    write(
        "names.yaml",
        &format!(
            "kind: Pod\nmetadata: {{ name: a }}\nspec:\n  containers:\n  - name: {}\n    image: {host}/acme/web:1.0\n",
            quoted(&hostile(9))
        ),
    );
    git(&checkout, &["add", "."]);
    git(&checkout, &["commit", "--quiet", "-m", "Names"]);
    git(&checkout, &["push", "--quiet"]);
    let tagboat = Tagboat::new().with("TAGBOAT_FORGE_TOKEN", TOKEN).with("TAGBOAT_FORGE_URL", &gitops.double.api_url);
    (gitops, tagboat)
}

/// Checks what a run printed; `Tagboat` has already looked for commands and control characters.
fn check(output: &ProgramOutput, arguments: &[&str], code: i32) {
    assert_eq!(output.code, code, "{arguments:?}: {output:?}");
    let is_diff = |line: &&str| ["+", "-", " "].iter().any(|sign| line.starts_with(sign));
    let is_data = arguments.iter().any(|argument| ["json", "junit", "html"].contains(argument));
    if is_data {
        assert_eq!(invisible(&output.stdout), "", "{arguments:?}");
    }
    // In Markdown, word joiners make names inert.
    let is_markdown = arguments.contains(&"markdown");
    let own = |line: &str| if is_markdown { line.replace('\u{2060}', "") } else { line.to_owned() };
    for line in output.stdout.lines().filter(|line| !is_diff(line)) {
        assert_eq!(invisible(&own(line)), "", "{arguments:?}: {line}");
    }
    assert_eq!(invisible(&output.stderr), "", "{arguments:?}: {}", output.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_and_values_are_visible_in_every_format() {
    let (gitops, tagboat) = repository().await;
    let checkout = gitops.folder.path().join("checkout");
    let checkout = checkout.to_str().unwrap();
    for format in FORMATS {
        for (command, code) in [("list", 0), ("plan", 3), ("edit", 3)] {
            let arguments = [command, "-C", checkout, "--format", format];
            let output = tagboat.run(&arguments);
            check(&output, &arguments, code);
            if command == "edit" {
                git(Path::new(checkout), &["checkout", "--quiet", "."]);
            }
        }
    }
}

/// Pull requests and their commits show names as the program does.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_and_values_are_visible_in_pull_requests_and_checks() {
    let (gitops, tagboat) = repository().await;
    let checkout = gitops.folder.path().join("checkout");
    for (command, code) in
        [(&["check"][..], 0), (&["check", "--format", "json"], 0), (&["init", "--stdout"], 0), (&["run"], 3)]
    {
        let arguments = [command, &["-C", checkout.to_str().unwrap()]].concat();
        check(&tagboat.run(&arguments), &arguments, code);
    }
    let pulls = gitops.double.host(|host| host.pulls.clone());
    let pull = pulls.iter().find(|pull| pull.title.contains("hint")).unwrap_or_else(|| panic!("{pulls:?}"));
    let message = git(&gitops.bare.path, &["log", "-1", "--format=%B", &pull.head]);
    for text in [&pull.title, &pull.body, &message] {
        let text = text.replace('\u{2060}', "");
        assert_eq!((acting(&text), invisible(&text)), (String::new(), String::new()), "{text}");
        assert!(!text.lines().any(|line| line.starts_with(IMITATED)), "{text}");
    }
}

/// A branch can have any letters; the hook of a server can print any text.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_branches_and_servers_are_visible() {
    use std::os::unix::fs::PermissionsExt as _;
    let gitops = GitOps::new("", &[("app.yaml", "api:1.0")]).await;
    let tagboat = Tagboat::new().with("TAGBOAT_FORGE_TOKEN", TOKEN).with("TAGBOAT_FORGE_URL", &gitops.double.api_url);
    let branch = "b\u{202e}\u{200b}\u{feff}\u{e0041}##vso";
    let url = gitops.bare.url();
    for command in [&["plan"][..], &["check"], &["run"]] {
        let arguments = [command, &["-C", &url, "--base", branch]].concat();
        let output = tagboat.run(&arguments);
        assert_ne!(output.code, 0, "{output:?}");
        check(&output, &arguments, output.code);
    }
    let hook = gitops.bare.path.join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    let text = hostile(1).replace(['\u{7f}', '\''], "");
    std::fs::write(&hook, format!("#!/bin/sh\ncat >&2 <<'END'\n{text}\nEND\nexit 1\n")).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    for format in FORMATS {
        let arguments = ["run", "-C", &url, "--format", format];
        let output = tagboat.run(&arguments);
        assert!(output.log.contains("imitated") || output.stdout.contains("imitated"), "{output:?}");
        check(&output, &arguments, output.code);
    }
}

#[test]
fn hostile_arguments_are_visible_in_errors() {
    let (tagboat, text) = (Tagboat::new(), hostile(1));
    for arguments in [
        &[&*text][..],
        &["list", &text],
        &["list", "--config", &text],
        &["list", "-C", &text],
        &["list", "--format", &text],
        &["plan", "--image", &text, "-C", "."],
        &["explain", &text],
        &["explain", "api", "--tags", "-", "--current", "1.0", "--policy", &text],
        &["explain", "api", "--tags", "-", "--current", &text],
        &["list", "-C", "/nowhere", "--format", "json", "--config", &text],
        &["check", "-C", &text],
        &["init", "-C", &text],
        &["edit", "-C", ".", "--report", &text],
        &["edit", "-C", ".", "--junit", &format!("{text}/{text}")],
        &["edit", "-C", ".", "--cache-dir", &text, &format!("--color={text}")],
        &["run", "--every", &text],
        &["run", "--label", &text, "--base", &text],
        &["completions", &text],
    ] {
        let output = tagboat.feed(arguments, "1.0\n1.1\n");
        assert_ne!(output.code, 0, "{arguments:?}: {output:?}");
    }
}

#[test]
fn hostile_settings_are_visible_in_errors() {
    let (tagboat, text) = (Tagboat::new(), quoted(&hostile(1)));
    for config in [
        format!("{text}: 1\n"),
        format!("policies: {{ {text}: {{ semver: {text} }} }}\n"),
        format!("rules: [{{ images: ['*'], policy: {text} }}]\n"),
        format!("forge: {{ kind: {text} }}\n"),
        "policies: [\n ::add-mask::x\n".to_owned(),
    ] {
        std::fs::write(tagboat.home().join("tagboat.yaml"), config).unwrap();
        for format in ["text", "json"] {
            let output = tagboat.run(&["list", "-C", ".", "--format", format]);
            // Not each of the names is an error.
            assert!([0, 64].contains(&output.code), "{output:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_answers_of_registries_and_forges_are_visible() {
    let text = hostile(1);
    let body = serde_json::json!({ "errors": [{ "code": "DENIED", "message": text }] }).to_string();
    let registry = Double::start(move |_| Reply::new(403, body.clone())).await;
    let tagboat =
        Tagboat::new().with_config(&format!("registries: {{ '{}': {{ plain-http: true }} }}\n", registry.host()));
    let image = format!("{}/acme/api:1.0", registry.host());
    for format in FORMATS {
        let output = tagboat.run(&["explain", &image, "--current", "1.0", "--format", format]);
        assert_ne!(output.code, 0, "{output:?}");
    }
    let gitops = GitOps::new("", &[("app.yaml", "api:1.0")]).await;
    let tagboat = Tagboat::new().with("TAGBOAT_FORGE_TOKEN", TOKEN).with("TAGBOAT_FORGE_URL", &gitops.double.api_url);
    for format in FORMATS {
        gitops.double.fail("POST", Fault::Instead(Answer::new(422, serde_json::json!({ "message": hostile(2) }))));
        let output = tagboat.run(&["run", "-C", &gitops.bare.url(), "--format", format]);
        assert_ne!(output.code, 0, "{output:?}");
    }
}
