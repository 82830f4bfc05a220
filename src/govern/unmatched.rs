//! Reports paths and fields that the configuration names and that match nothing.

use std::sync::Arc;

use crate::config::{Config, DeclaredKey, DeclaredPath};
use crate::manifest::{Finding, Notice, NoticeStatus, Place};

/// The format of these notices, which no file has.
const FORMAT: &str = "configuration";

/// Returns a notice for each path of the configuration that matches no file, or whose files do not have what its key finds.
/// `paths` are those of the repository. A path of `manifests` needs a person, because references are missing without it.
pub fn unmatched(config: &Config, paths: &[Arc<str>], findings: &[Finding]) -> Vec<Notice> {
    let reasons = config.declared_paths.iter().filter_map(|one| Some((one, reason(one, config, paths, findings)?)));
    let mut notices = reasons.map(|(declared, reason)| notice(declared, reason)).collect::<Vec<_>>();
    notices.sort_by_key(|notice| notice.place.position);
    notices
}

fn reason(declared: &DeclaredPath, config: &Config, paths: &[Arc<str>], findings: &[Finding]) -> Option<String> {
    let DeclaredPath { key, glob, .. } = declared;
    let is_read = |path: &str| *key == DeclaredKey::Include || config.paths.read(path);
    if !paths.iter().any(|path| glob.is_match(&**path) && is_read(path)) {
        return Some("no file matches this path".to_owned());
    }
    let mut found = findings.iter().filter(|finding| glob.is_match(&*finding.place().path));
    let (is_found, missing) = match key {
        DeclaredKey::Include | DeclaredKey::Rule => return None,
        DeclaredKey::AppVersions => {
            (found.any(|finding| finding.place().field == "appVersion"), "`appVersion`".to_owned())
        }
        DeclaredKey::Tags(field) => {
            (found.any(|finding| is_in_field(&finding.place().field, field)), format!("field `{field}`"))
        }
        DeclaredKey::Patterns => (found.any(|finding| format(finding) == "pattern"), "match of `regex`".to_owned()),
    };
    (!is_found).then(|| format!("no {missing} in the files that match this path"))
}

fn format(finding: &Finding) -> &'static str {
    match finding {
        Finding::Occurrence(occurrence) => occurrence.format,
        Finding::Notice(notice) => notice.format,
    }
}

/// Returns whether one field is the other or a part of it.
fn is_in_field(found: &str, declared: &str) -> bool {
    let is_part = |part: &str, whole: &str| {
        part.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    is_part(found, declared) || is_part(declared, found)
}

fn notice(declared: &DeclaredPath, reason: String) -> Notice {
    let (key, status) = match &declared.key {
        DeclaredKey::Include => ("paths.include", NoticeStatus::Ignored),
        DeclaredKey::Rule => ("rules.paths", NoticeStatus::Ignored),
        DeclaredKey::AppVersions => ("manifests.app-versions.paths", NoticeStatus::Held),
        DeclaredKey::Tags(_) => ("manifests.tags.paths", NoticeStatus::Held),
        DeclaredKey::Patterns => ("manifests.patterns.paths", NoticeStatus::Held),
    };
    let place = Place {
        path: declared.file.as_str().into(),
        position: declared.position,
        field: key.to_owned(),
        value: declared.glob.glob().to_string(),
        span: None,
    };
    Notice { place, format: FORMAT, status, reason }
}
