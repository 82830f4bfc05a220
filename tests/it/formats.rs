//! Formats: every row of the table against its fixtures.
//!
//! `fixtures/manifest/<format>/<case>/` holds `before.*`, what is found in it (`found.txt`, one line each), and, where the
//! case edits, `after.*`: the file after every reference in it received the target of `case.json`. Run with
//! `BLESS=1` to write both again, and read the difference.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tagboat::image::{AppVersion, Digest, ReferencePattern, Tag, TagField};
use tagboat::manifest::{self, EditTarget, FORMATS, FindOptions, Finding, NoticeStatus, RepositoryLayout};

/// `case.json`: what is special about a case.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Case {
    /// The path of the file in a repository; its own name if empty.
    path: String,
    /// Other paths of the repository.
    beside: Vec<String>,
    /// The tag that every reference gets; every chart gets the version of this tag.
    tag: Option<String>,
    /// Two hex digits, repeated, make the digest that every pinned reference gets.
    digest: Option<String>,
    /// Whether references without a digest get one too.
    pin: bool,
    variable_defaults: bool,
    /// Globs of `paths.include`.
    named_files: Vec<String>,
    app_versions: BTreeMap<String, String>,
    policy_images: BTreeMap<String, String>,
    helm_repositories: BTreeMap<String, String>,
    /// Applications elsewhere in the repository, as YAML.
    applications: String,
    /// Variables that another file takes a whole reference from.
    reference_variables: Vec<String>,
    /// Field and image.
    named: BTreeMap<String, String>,
    /// Regular expression and image.
    patterns: BTreeMap<String, Option<String>>,
}

impl Case {
    fn options(&self, path: &str) -> FindOptions {
        let any = || globset::Glob::new("**").expect("a glob").compile_matcher();
        let paths = self.beside.iter().map(String::as_str).chain([path]);
        let pattern = |(regex, image): (&String, &Option<String>)| ReferencePattern {
            paths: any(),
            regex: regex::Regex::new(regex).expect("a regular expression"),
            image: image.clone(),
        };
        let named =
            |(field, image): (&String, &String)| TagField { paths: any(), field: field.clone(), image: image.clone() };
        let mut values_images = BTreeMap::<String, Vec<_>>::new();
        for (path, image) in manifest::images_of_other_files(self.applications.as_bytes()) {
            values_images.entry(path).or_default().push(image);
        }
        FindOptions {
            values_images,
            app_versions: self
                .app_versions
                .values()
                .map(|image| AppVersion { paths: any(), image: image.clone() })
                .collect(),
            variable_defaults: self.variable_defaults,
            named_files: self
                .named_files
                .iter()
                .map(|glob| globset::Glob::new(glob).expect("a glob").compile_matcher())
                .collect(),
            patterns: self.patterns.iter().map(pattern).collect(),
            tag_fields: self.named.iter().map(named).collect(),
            policy_images: self.policy_images.clone(),
            helm_repositories: self.helm_repositories.clone(),
            reference_variables: BTreeMap::from([(
                path.to_owned(),
                self.reference_variables.iter().cloned().collect(),
            )]),
            layout: RepositoryLayout::new(paths),
        }
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/manifest")
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(of)
        .map(|entries| entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
        .unwrap_or_default();
    folders.sort();
    folders
}

#[test]
fn every_format_has_fixtures() {
    for format in FORMATS {
        let cases = folders(&folder().join(format.name()));
        assert!(!cases.is_empty(), "fixtures/manifest/{} has no case", format.name());
        let found = cases.iter().any(|case| {
            std::fs::read_to_string(case.join("found.txt"))
                .is_ok_and(|text| text.contains(&format!(" {} ", format.name())))
        });
        assert!(found, "no case in fixtures/manifest/{} is found by that format", format.name());
        assert!(!format.about().is_empty() && !format.about().ends_with('.'), "{}", format.name());
    }
    for folder in folders(&folder()) {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        assert!(name == "file" || FORMATS.iter().any(|format| format.name() == name), "{name} is no format");
    }
}

#[test]
fn finds_and_edits_the_references_of_every_fixture() {
    let cases: Vec<PathBuf> = folders(&folder()).iter().flat_map(|format| folders(format)).collect();
    assert!(cases.len() > 20);
    let failures: Vec<String> = cases.iter().filter_map(|case| run(case).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn run(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    let file = std::fs::read_dir(folder).map_err(|error| format!("{shown}: {error}"))?.flatten();
    let file =
        file.map(|entry| entry.file_name().to_string_lossy().into_owned()).find(|name| name.starts_with("before"));
    let file = file.ok_or(format!("{shown}: no before.*"))?;
    let before = std::fs::read(folder.join(&file)).map_err(|error| format!("{shown}: {error}"))?;
    let case: Case = match std::fs::read_to_string(folder.join("case.json")) {
        Ok(text) => serde_json::from_str(&text).map_err(|error| format!("{shown}: {error}"))?,
        Err(_) => Case::default(),
    };
    let path = if case.path.is_empty() { file.clone() } else { case.path.clone() };
    let options = case.options(&path);
    let findings = manifest::find(&path, &before, &options);
    same(&folder.join("found.txt"), described(&findings, &before).as_bytes())?;
    let Some(tag) = &case.tag else { return Ok(()) };
    let digest = case.digest.as_ref().map(|hex| Digest::new(&format!("sha256:{}", hex.repeat(32))).expect("a digest"));
    let mut edits = Vec::new();
    for finding in &findings {
        let Finding::Occurrence(occurrence) = finding else { continue };
        let pinned = occurrence.reference.digest().is_some() || case.pin;
        let target = EditTarget {
            tag: occurrence.reference.tag().map(|_| {
                let tag = Tag::new(tag).expect("a tag");
                if occurrence.reference.is_chart() { tag.into_chart_version() } else { tag }
            }),
            digest: if pinned { digest.clone() } else { None },
            comments: true,
            ..EditTarget::default()
        };
        let more = manifest::edits(occurrence, &target);
        edits.extend(more.map_err(|refusal| format!("{shown}: {}: {refusal}", occurrence.place.position.line))?);
    }
    let after = manifest::rewrite(&path, &before, &edits, &options).map_err(|refusal| format!("{shown}: {refusal}"))?;
    same(&folder.join(file.replace("before", "after")), &after)
}

/// One line for each finding: position, format, field, and what it is; parts in the bytes of the file.
fn described(findings: &[Finding], bytes: &[u8]) -> String {
    let mut text = String::new();
    for finding in findings {
        let place = finding.place();
        let at = format!("{}:{}", place.position.line, place.position.column);
        let line = match finding {
            Finding::Occurrence(occurrence) => {
                let part = |span: Option<tagboat::text::Span>| span.map(|s| String::from_utf8_lossy(&bytes[s.range()]));
                let mut line = format!("{at} {} {} = {}", occurrence.format, place.field, occurrence.reference);
                for (name, span) in [("tag", occurrence.tag_span()), ("digest", occurrence.digest_span())] {
                    if let Some(part) = part(span) {
                        let _ = write!(line, " [{name} {}]", if part.len() > 30 { &part[..20] } else { &part });
                    }
                }
                if let Some(marker) = &occurrence.marker {
                    let _ = write!(line, " <{:?} {}>", marker.kind, marker.policy);
                }
                if let Some(reason) = &occurrence.ignored_by_default {
                    let _ = write!(line, " ignored by default: {reason}");
                }
                line
            }
            Finding::Notice(notice) => {
                let status = if notice.status == NoticeStatus::Held { "held" } else { "ignored" };
                format!("{at} {} {} {status}: {}", notice.format, place.field, notice.reason)
            }
        };
        let _ = writeln!(text, "{line}");
    }
    text
}

/// Compares with a fixture, or writes it if `BLESS` is set.
#[expect(clippy::disallowed_methods, reason = "fixtures are written on request")]
fn same(path: &Path, now: &[u8]) -> Result<(), String> {
    if std::env::var_os("BLESS").is_some() {
        return std::fs::write(path, now).map_err(|error| format!("{}: {error}", path.display()));
    }
    let then = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if then == now {
        return Ok(());
    }
    let (then, now) = (String::from_utf8_lossy(&then), String::from_utf8_lossy(now));
    let difference = similar::TextDiff::from_lines(&*then, &*now).unified_diff().to_string();
    Err(format!("{} differs:\n{difference}", path.display()))
}
