//! Hostile text from repositories, registries, forges and arguments in everything that is printed: no line is a command to a CI
//! runner, and each character that acts on a terminal is visible.
#![cfg(unix)]

use std::path::Path;

use crate::support::double::TOKEN;
use crate::support::gitops::GitOps;
use crate::support::repository::git;
use crate::support::runner_commands::invisible;
use crate::support::tagboat::{ProgramOutput, Tagboat};

/// Commands of GitHub, Azure Pipelines and TeamCity, a title for the terminal, a console note of Jenkins, and characters that
/// hide or reorder text. `@` is replaced by the number of the place.
const HOSTILE: &str = "h@\n::add-mask::x\r ::stop-commands::y\n##[add-mask]z ##vso[task.complete]a ##teamcity[buildStop]\
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
    for line in output.stdout.lines().filter(|line| !is_diff(line) && !arguments.contains(&"markdown")) {
        assert_eq!(invisible(line), "", "{arguments:?}: {line}");
    }
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
