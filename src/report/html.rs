//! One page of HTML that needs nothing beside it: for people who want to see everything, on a screen of any size, with or
//! without scripts. The page itself is `page.html`; here is what goes into it. All text is escaped there.

use jiff::Timestamp;
use minijinja::{AutoEscape, Environment, Value};
use serde::{Deserialize as _, Serialize};

use super::checks::Checks;
use super::explanation::{Explanation, Facts};
use super::image_row::{ImageRow, ImageState};
use super::list::{List, RowStatus};
use super::page::Page;
use super::renderer::Renderer;
use super::run_report::{Proposed, RunReport};
use super::text::{counted, one_line, short, summary};

/// A page of its own.
#[derive(Debug)]
pub struct Html;

const TEMPLATE: &str = include_str!("page.html");

/// What the template speaks of.
#[derive(Serialize, Default)]
struct Document {
    title: String,
    summary: String,
    facts: Vec<Fact>,
    /// States that rows have, to choose by.
    filters: Vec<Filter>,
    /// Rows that have a state.
    total: usize,
    tables: Vec<Table>,
    footer: String,
}

#[derive(Serialize)]
struct Fact {
    label: &'static str,
    text: String,
    url: Option<String>,
}

#[derive(Serialize)]
struct Filter {
    state: &'static str,
    name: &'static str,
    count: usize,
}

#[derive(Serialize)]
struct Table {
    title: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    state: Option<&'static str>,
    cells: Vec<Cell>,
}

/// A cell of a table: a line each, and what it is sorted by where that is not its text.
#[derive(Serialize, Default)]
struct Cell {
    lines: Vec<Line>,
    order: Option<String>,
}

#[derive(Serialize, Default)]
struct Line {
    text: String,
    code: bool,
    /// Classes of the page: `soft`, `strong`, `keep`, `state held`.
    style: String,
    url: Option<String>,
}

impl Renderer for Html {
    fn list(&self, list: &List, _: Page) -> String {
        let state = |status| match status {
            RowStatus::Governed => ImageState::UpToDate,
            RowStatus::Held => ImageState::Held,
            RowStatus::NotOurs => ImageState::NotOurs,
        };
        let rows = list.rows.iter().map(|row| Row {
            state: Some(state(row.status).as_str()),
            cells: vec![
                badge(state(row.status), row.status.as_str()),
                code(row.reference.as_ref().map_or(&*one_line(&row.value), |reference| reference.as_str())),
                code(row.policy.as_deref().unwrap_or_default()),
                code(&format!("{}:{}", row.path, row.line)),
                plain(row.reason.as_deref().unwrap_or_default()),
            ],
        });
        let rows = rows.collect::<Vec<_>>();
        let names = [(ImageState::Held, "held"), (ImageState::UpToDate, "governed"), (ImageState::NotOurs, "not ours")];
        page(Document {
            title: "References".to_owned(),
            summary: format!("{} were found", counted(rows.len(), "reference")),
            total: rows.len(),
            filters: filters(&names, list.rows.iter().map(|row| state(row.status))),
            tables: vec![Table { title: "", columns: &["State", "Reference", "Policy", "Where", "Why"], rows }],
            ..Document::default()
        })
    }

    fn explanations(&self, explanations: &[Explanation], _: Page) -> String {
        let about = explanations.iter().map(|one| {
            let chosen = one.chosen.as_deref().unwrap_or_default();
            let cells = [code(&one.current), code(chosen), plain(one.outcome), plain(&one.reason), code(&one.policy)];
            Row { state: None, cells: cells.into_iter().chain([places(&one.places)]).collect() }
        });
        let columns = &["Current", "Chosen", "Outcome", "Why", "Policy", "Where"];
        let mut tables = vec![Table { title: "References", columns, rows: about.collect() }];
        tables.extend(explanations.iter().filter(|one| !one.candidates.is_empty()).map(|one| {
            let rows = one.candidates.iter().map(|tag| {
                let state = if tag.accepted { ImageState::UpToDate } else { ImageState::NotOurs };
                let verdict = badge(state, if tag.accepted { "accepted" } else { "refused" });
                let facts = tag.facts.as_ref().map(Facts::line).unwrap_or_default();
                Row { state: None, cells: vec![verdict, code(&tag.tag), plain(&tag.reason), plain(&facts)] }
            });
            Table { title: "Tags, best first", columns: &["Verdict", "Tag", "Why", "Looked up"], rows: rows.collect() }
        }));
        let title = explanations.first().map(|one| one.image.clone()).unwrap_or_default();
        page(Document {
            title,
            summary: "Why this tag, and why none of the others".to_owned(),
            tables,
            ..Document::default()
        })
    }

    fn checks(&self, checks: &Checks, _: Page) -> String {
        let rows = checks.checks.iter().map(|check| {
            let state = if check.works { ImageState::UpToDate } else { ImageState::Failed };
            let mut says = plain(&check.says);
            says.lines.extend(hint(check.hint.as_deref()));
            let verdict = badge(state, if check.works { "works" } else { "fails" });
            Row { state: None, cells: vec![verdict, plain(&check.what), says] }
        });
        let tables = vec![Table { title: "", columns: &["State", "What", "Says"], rows: rows.collect() }];
        let summary = "Does everything that a run needs answer, with these credentials?".to_owned();
        page(Document { title: "Check".to_owned(), summary, tables, ..Document::default() })
    }

    fn run(&self, report: &RunReport, _: Page) -> String {
        let about = &report.about;
        let fact = |label, text: &Option<String>, url: bool| {
            let text = text.clone()?;
            Some(Fact { label, url: url.then(|| link(&text)).flatten(), text })
        };
        let at = about.at.map(|at| at.strftime("%-d %B %Y, %H:%M UTC").to_string());
        let facts = [
            fact("", &about.repository, true),
            fact("branch", &about.base, false),
            fact("", &at, false),
            fact("run", &about.run_url, true),
        ];
        let images = report.images.iter().map(|row| image(row, report)).collect::<Vec<_>>();
        let sections = [
            Table {
                title: "Images",
                columns: &["State", "Image", "Current", "Newest", "Age", "Pull request", "Where", "Why"],
                rows: images,
            },
            Table { title: "Pull requests", columns: &["State", "Title", "Branch", "Why"], rows: proposals(report) },
            Table { title: "Held, and no image", columns: &["What", "Where", "Why"], rows: held(report) },
            Table { title: "Failed", columns: &["What", "Why", "Where"], rows: failed(report) },
        ];
        page(Document {
            title: about.repository.as_deref().map_or("Images", name_of).to_owned(),
            summary: capitalised(&summary(report)),
            facts: facts.into_iter().flatten().collect(),
            filters: filters(&NAMES, report.images.iter().map(|row| row.state)),
            total: report.images.len(),
            tables: sections.into_iter().filter(|table| !table.rows.is_empty()).collect(),
            footer: String::new(),
        })
    }
}

/// What states are called.
const NAMES: [(ImageState, &str); 5] = [
    (ImageState::Failed, "failed"),
    (ImageState::Held, "held"),
    (ImageState::Update, "update"),
    (ImageState::UpToDate, "up to date"),
    (ImageState::NotOurs, "not ours"),
];

fn page(document: Document) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let footer = format!("Made by Tagboat {}", env!("CARGO_PKG_VERSION"));
    let document = Document { footer, ..document };
    let values = serde_json::to_value(document).and_then(Value::deserialize);
    let page = values
        .map_err(|error| error.to_string())
        .and_then(|values| environment.render_str(TEMPLATE, values).map_err(|error| error.to_string()));
    // The template is ours, and tests fill it in: there is nothing in a report that it could fail for.
    page.unwrap_or_else(|error| format!("<!doctype html><title>Tagboat</title><p>{error}")) + "\n"
}

fn image(row: &ImageRow, report: &RunReport) -> Row {
    let name = NAMES.iter().find(|(state, _)| *state == row.state).map_or("", |(_, name)| name);
    let proposed = row.branch.as_ref().and_then(|branch| report.proposals.iter().find(|one| one.branch == *branch));
    let is_newer = row.newest.as_ref() != Some(&row.current);
    let newest = row.newest.as_ref().map(|newest| version(newest, if is_newer { "strong" } else { "" }));
    let age = match (report.about.at, row.built) {
        (Some(at), Some(built)) => age(at, built),
        _ => Cell::default(),
    };
    let rank = ImageState::ALL.iter().position(|state| *state == row.state).unwrap_or_default();
    let mut image = code(&row.name);
    image.lines.extend(row.policy.iter().flat_map(|policy| soft(Some(policy))));
    let mut why = plain(&row.reason);
    why.lines.extend(hint(row.hint.as_deref()));
    Row {
        state: Some(row.state.as_str()),
        cells: vec![
            Cell { order: Some(rank.to_string()), ..badge(row.state, name) },
            image,
            version(&row.current, ""),
            newest.unwrap_or_default(),
            age,
            proposed.map(|one| pull_request(one, report.dry_run)).unwrap_or_default(),
            places(&row.places),
            why,
        ],
    }
}

fn pull_request(proposed: &Proposed, dry_run: bool) -> Cell {
    let state = match proposed.action.word(dry_run) {
        "unchanged" => "open",
        word => word,
    };
    let title = Line { url: proposed.url.as_deref().and_then(link), ..text(&proposed.title) };
    Cell { lines: std::iter::once(title).chain(soft(Some(state))).collect(), order: None }
}

fn proposals(report: &RunReport) -> Vec<Row> {
    let rows = report.proposals.iter().map(|one| {
        let title = Line { url: one.url.as_deref().and_then(link), ..text(&one.title) };
        let cells = vec![
            plain(one.action.word(report.dry_run)),
            Cell { lines: vec![title], order: None },
            code(&one.branch),
            plain(one.why.as_deref().unwrap_or_default()),
        ];
        Row { state: None, cells }
    });
    rows.collect()
}

/// What is held and belongs to no image: files that can't be read, values that can't be.
fn held(report: &RunReport) -> Vec<Row> {
    let nameless = report.held.iter().filter(|held| held.name.is_none());
    let rows = nameless.map(|held| {
        let place = format!("{}:{}", held.path, held.line);
        Row { state: None, cells: vec![code(&one_line(&held.value)), code(&place), plain(&held.reason)] }
    });
    rows.collect()
}

/// What failed and is not told by an image.
fn failed(report: &RunReport) -> Vec<Row> {
    let told = |reason: &str| report.images.iter().any(|row| row.state == ImageState::Failed && row.reason == reason);
    let rows = report.failed.iter().filter(|failed| !told(&failed.reason)).map(|failed| {
        let mut why = plain(&failed.reason);
        why.lines.extend(hint(failed.hint.as_deref()));
        Row { state: None, cells: vec![code(&failed.what), why, places(&failed.places)] }
    });
    rows.collect()
}

/// How long ago something was built, for people; none for the constant dates of reproducible builds, which lie before
/// there were containers.
fn age(at: Timestamp, built: Timestamp) -> Cell {
    const FIRST_CONTAINER: i64 = 1_356_998_400;
    let seconds = at.as_second().saturating_sub(built.as_second());
    if built.as_second() < FIRST_CONTAINER || seconds < 0 {
        return Cell::default();
    }
    let (hours, days) = (seconds / 3_600, seconds / 86_400);
    let (count, unit) = match days {
        0 if hours == 0 => (seconds / 60, "minute"),
        0 => (hours, "hour"),
        1..=59 => (days, "day"),
        60..=729 => (days / 30, "month"),
        _ => (days / 365, "year"),
    };
    let words = counted(usize::try_from(count).unwrap_or_default(), unit);
    let line = Line { style: "keep".to_owned(), ..text(&words) };
    Cell {
        lines: vec![line, Line { style: "soft keep".to_owned(), ..text(&built.strftime("%Y-%m-%d").to_string()) }],
        order: Some(seconds.to_string()),
    }
}

fn filters(names: &[(ImageState, &'static str)], states: impl Iterator<Item = ImageState>) -> Vec<Filter> {
    let states = states.collect::<Vec<_>>();
    let filter = |(state, name): &(ImageState, &'static str)| {
        let count = states.iter().filter(|one| *one == state).count();
        (count > 0).then_some(Filter { state: state.as_str(), name, count })
    };
    names.iter().filter_map(filter).collect()
}

fn text(text: &str) -> Line {
    Line { text: text.to_owned(), ..Line::default() }
}

/// A tag, and its digest below.
fn version(version: &str, style: &str) -> Cell {
    let line =
        |text: &str, style: &str| Line { code: true, style: format!("keep {style}"), ..self::text(&short(text)) };
    let lines = match version.split_once('@') {
        Some((tag, digest)) => vec![line(tag, style), line(digest, "soft")],
        None if version.is_empty() => Vec::new(),
        None => vec![line(version, style)],
    };
    Cell { lines, order: None }
}

/// What matters less, if there is any.
fn soft(what: Option<&str>) -> Vec<Line> {
    what.map(|what| Line { style: "soft".to_owned(), ..text(what) }).into_iter().collect()
}

fn hint(hint: Option<&str>) -> Vec<Line> {
    hint.map(|hint| format!("hint: {hint}")).iter().flat_map(|hint| soft(Some(hint))).collect()
}

fn plain(what: &str) -> Cell {
    Cell { lines: if what.is_empty() { Vec::new() } else { vec![text(what)] }, order: None }
}

fn code(what: &str) -> Cell {
    let line = Line { code: true, ..text(&short(what)) };
    Cell { lines: if what.is_empty() { Vec::new() } else { vec![line] }, order: None }
}

fn places(places: &[String]) -> Cell {
    Cell { lines: places.iter().map(|place| Line { code: true, ..text(place) }).collect(), order: None }
}

fn badge(state: ImageState, word: &str) -> Cell {
    Cell { lines: vec![Line { style: format!("state {}", state.as_str()), ..text(word) }], order: None }
}

/// An address that may be clicked: nothing that a browser would run.
fn link(url: &str) -> Option<String> {
    ["https://", "http://", "file://"].iter().any(|scheme| url.starts_with(scheme)).then(|| url.to_owned())
}

/// `acme/manifests` of `https://github.com/acme/manifests.git`.
fn name_of(url: &str) -> &str {
    let bare = url.trim_end_matches('/').trim_end_matches(".git");
    match bare.rmatch_indices(['/', ':']).nth(1) {
        Some((at, _)) => &bare[at + 1..],
        None => bare,
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_words() {
        let at: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let told = |built: &str| age(at, built.parse().unwrap()).lines.first().map(|line| line.text.clone());
        #[rustfmt::skip]
        let rows = [
            ("2026-11-21T11:59:00Z", Some("1 minute")),
            ("2026-11-21T09:00:00Z", Some("3 hours")),
            ("2026-11-01T12:00:00Z", Some("20 days")),
            ("2026-06-01T12:00:00Z", Some("5 months")),
            ("2023-06-01T12:00:00Z", Some("3 years")),
            ("1970-01-01T00:00:00Z", None),
            ("2026-11-22T12:00:00Z", None),
        ];
        for (built, words) in rows {
            assert_eq!(told(built).as_deref(), words, "{built}");
        }
    }

    #[test]
    fn names_and_links() {
        for url in ["https://github.com/acme/manifests.git", "git@github.com:acme/manifests", "/srv/acme/manifests/"] {
            assert_eq!(name_of(url), "acme/manifests", "{url}");
        }
        assert_eq!(link("javascript:alert(1)"), None);
    }
}
