//! Checks the generated parts of pages: tables between `<!-- name -->` and `<!-- /name -->`, and the output in
//! `console` blocks.

use std::io::Write as _;
use std::process::Stdio;
use std::sync::LazyLock;

use regex::Regex;
use tagboat::forge::{Address, ConnectionSettings, Credential, FORGES, ForgeKind, RemoteUrl};
use tagboat::http::{Client, ClientOptions};
use tagboat::image::BUNDLED_PRODUCTS;
use tagboat::manifest::FORMATS;
use tagboat::policy::{OptionDoc, POLICIES, common_options};
use tagboat::secret::Secret;
use tokio::runtime::Runtime;

use super::commands::words;
use super::pages::{Block, PAGES, blocks, blocks_of, tagboat};

/// A generated table and its page.
struct Table {
    page: &'static str,
    name: &'static str,
    text: String,
}

fn tables() -> Vec<Table> {
    let formats = FORMATS.iter().map(|format| [code(format.name()), format.about().to_owned()]);
    let policies = POLICIES.iter().map(|kind| [code(kind.key), kind.about.to_owned(), code(kind.example)]);
    let forges = FORGES.iter().map(|forge| {
        let variables = forge.token_variables.iter().map(|variable| code(variable.name)).collect::<Vec<_>>();
        [code(forge.name), forge.about.to_owned(), variables.join(", ")]
    });
    let option = |of: &str, option: &OptionDoc| [code(option.key), of.to_owned(), option.about.replace('|', "\\|")];
    let own = POLICIES.iter().flat_map(|kind| kind.options.iter().map(|one| option(&code(kind.key), one)));
    let options = common_options().map(|one| option("all", one)).chain(own);
    let products = BUNDLED_PRODUCTS.iter().map(|(about, words)| {
        [(*about).to_owned(), words.iter().map(|word| code(word)).collect::<Vec<_>>().join(", ")]
    });
    vec![
        Table { page: "docs/policies.md", name: "bundled-products", text: table(["products", "words"], products) },
        Table { page: "docs/formats.md", name: "formats", text: table(["format", "finds"], formats) },
        Table { page: "docs/policies.md", name: "policies", text: table(["policy", "chooses", "example"], policies) },
        Table { page: "docs/policies.md", name: "options", text: table(["key", "policy", "meaning"], options) },
        Table { page: "docs/forges.md", name: "forges", text: table(["forge", "server", "token variables"], forges) },
        Table { page: "docs/forges.md", name: "features", text: table(FEATURES, FORGES.iter().map(features)) },
    ]
}

const FEATURES: [&str; 8] =
    ["forge", "labels", "drafts", "reviewers", "team reviewers", "assignees", "auto-merge", "commits through the API"];

/// Returns what a forge supports, from the limits of its client, without a request.
fn features(kind: &ForgeKind) -> [String; 8] {
    // A client needs a runtime, which must not be dropped inside another one.
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    let _guard = RUNTIME.enter();
    let remotes = [
        "https://forge.example/acme/manifests",
        "https://forge.example/acme/shop/_git/manifests",
        "https://bitbucket.org/acme/manifests",
        "https://forge.example/scm/acme/manifests.git",
    ];
    let mut addresses = remotes.iter().filter_map(|url| (kind.address)(&RemoteUrl::parse(url).unwrap()));
    let address = addresses
        .next()
        .unwrap_or_else(|| Address { api: "pull-requests".into(), repository: "acme/manifests".into() });
    let client = Client::new(&ClientOptions::default()).unwrap();
    let credential = Credential::Bearer(Secret::new("token"));
    let forge = (kind.connect)(ConnectionSettings::new(address, Some(credential), client)).unwrap();
    let limits = forge.limits();
    let supported = [
        limits.labels,
        limits.drafts,
        limits.reviewers,
        limits.team_reviewers,
        limits.assignees,
        limits.auto_merge,
        forge.commits().is_some(),
    ];
    let mut cells = supported.iter().map(|&supported| if supported { "yes" } else { "no" }.to_owned());
    std::array::from_fn(|column| if column == 0 { code(kind.name) } else { cells.next().unwrap() })
}

fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rows = rows.map(|row| line(&row)).collect::<String>();
    format!("{}|{}|\n{rows}", line(&head.map(str::to_owned)), ["---"; N].join("|"))
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// Returns the text before, between and after the comments around a generated part.
fn around<'a>(text: &'a str, name: &str) -> (&'a str, &'a str, &'a str) {
    let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let start = text.find(&start).unwrap_or_else(|| panic!("no {start}")) + start.len();
    let end = start + text[start..].find(&end).unwrap_or_else(|| panic!("no {end}"));
    (&text[..start], &text[start..end], &text[end..])
}

/// Returns a page with every generated part rewritten.
pub(super) fn regenerated(page: &str, text: &str) -> String {
    let mut blessed = text.to_owned();
    for table in tables().iter().filter(|table| table.page == page) {
        let (before, _, after) = around(&blessed, table.name);
        blessed = format!("{before}{}{after}", table.text);
    }
    for block in blocks_of(page, text).into_iter().filter(|block| block.info == "console") {
        let now = format!("{}\n{}", command(block), output(command(block)));
        blessed = blessed.replace(&format!("```console\n{}```", block.text), &format!("```console\n{now}```"));
    }
    blessed
}

#[test]
fn tables_match_program() {
    for Table { page, name, text } in tables() {
        assert_eq!(around(&PAGES[page], name).1, text, "{page}: BLESS=1 rewrites the table `{name}`");
    }
}

#[test]
fn table_of_permissions_names_every_forge() {
    let rows = PAGES["docs/forges.md"].split("\n| forge | permissions of the token |").nth(1).unwrap();
    let rows = rows.split("\n\n").next().unwrap();
    for forge in FORGES {
        assert!(rows.contains(&format!("\n| `{}` |", forge.name)), "{} is missing", forge.name);
    }
}

#[test]
fn recorded_output_matches_program() {
    let consoles = blocks().into_iter().filter(|block| block.info == "console").collect::<Vec<_>>();
    assert!(consoles.len() >= 2, "README.md shows `demo`, docs/policies.md `explain`");
    for block in consoles {
        let shown = block.text.split_once('\n').unwrap().1;
        assert_eq!(output(command(block)), shown, "{}: BLESS=1 rewrites the output", block.page);
    }
}

/// Returns the first line of a console block.
fn command(block: Block<'_>) -> &str {
    block.text.lines().next().unwrap()
}

/// Returns the output of the command of a console block: `$ tagboat demo`, shortened, or `$ printf '%s\n' TAG… | tagboat
/// explain …`.
fn output(command: &str) -> String {
    match command.split_once(" | tagboat ") {
        Some((tags, arguments)) => explain(&words(tags.split_once("'%s\\n' ").unwrap().1), &words(arguments)),
        None => {
            assert_eq!(command, "$ tagboat demo");
            demo().to_owned()
        }
    }
}

/// Runs `explain` with tags on standard input, in an empty folder.
fn explain(tags: &[String], arguments: &[String]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = tagboat(arguments);
    command.current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(tags.join("\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn demo() -> &'static str {
    static DEMO: LazyLock<String> = LazyLock::new(|| {
        let output = tagboat(&["demo".to_owned()]).env("COLUMNS", "110").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let folder = Regex::new(r"file://\S*/pull-requests/").unwrap();
        excerpt(&folder.replace_all(&String::from_utf8(output.stdout).unwrap(), "file:///…/pull-requests/"))
    });
    &DEMO
}

/// Shortens the demonstration to about thirty lines: from the first run the diff of one file, two changes, a pull request and
/// the summary; from the other runs headings and summaries.
fn excerpt(demo: &str) -> String {
    let mut out = String::new();
    for number in 1..=3 {
        let step = demo.split(&format!("\n{number}. ")).nth(1).unwrap_or_else(|| panic!("no step {number}"));
        let step = format!("{number}. {}", step.split(&format!("\n{}. ", number + 1)).next().unwrap());
        let paragraphs = step.trim_end().split("\n\n").collect::<Vec<_>>();
        let summary = paragraphs.iter().find(|text| text.lines().count() == 1 && text.contains("pull request"));
        let summary = summary.unwrap_or_else(|| panic!("step {number} has no summary"));
        if number == 1 {
            let diff = paragraphs[0].find("\n--- ").map_or(0, |first| first + 1);
            let one_file = paragraphs[0][diff..].find("\n--- ").map_or(paragraphs[0].len(), |second| diff + second);
            out += &format!("{}\n…\n", &paragraphs[0][..one_file]);
            for (paragraph, lines) in [(1, 7), (2, 2)] {
                let shown = paragraphs[paragraph].lines().take(lines).collect::<Vec<_>>();
                out += &format!("{}\n…\n", shown.join("\n"));
            }
        } else {
            out += &format!("\n{}\n…\n", step.lines().next().unwrap());
        }
        out += &format!("{summary}\n");
    }
    out
}
