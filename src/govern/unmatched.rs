//! Reports globs and fields of the configuration that match nothing.

use std::cell::OnceCell;
use std::sync::Arc;

use globset::GlobMatcher;

use crate::config::{Config, ConfigSource, DeclaredGlob, DeclaredKey, UnreachableRule};
use crate::image::ImageName;
use crate::manifest::{FieldPath, Finding, Notice, NoticeStatus, Place};
use crate::text::nearest_match;

/// The format of these notices, which no file has.
pub const CONFIGURATION: &str = "configuration";

/// The files whose fields are compared with one that no file has.
const MAX_FILES: usize = 20;

/// Returns a notice for each glob of the configuration that matches no file or image, or whose files do not have what its key finds.
/// `paths` are those of the repository, `unread` are the folders that could not be listed, and `fields` returns the fields of a file.
pub fn unmatched(
    config: &Config,
    (paths, unread): (&[Arc<str>], &[&str]),
    findings: &[Finding],
    fields: &dyn Fn(&str) -> Vec<FieldPath>,
) -> Vec<Notice> {
    let repository = Repository { config, paths, unread, findings, fields, images: OnceCell::new() };
    let mismatches = config.declared_globs.iter().filter_map(|one| Some((one, repository.mismatch(one)?)));
    let mut notices = mismatches.map(|(declared, mismatch)| notice(declared, mismatch)).collect::<Vec<_>>();
    notices.extend(config.unreachable_rules.iter().map(unreachable));
    notices.sort_by_key(|notice| notice.place.position);
    notices
}

/// What globs may match.
struct Repository<'a> {
    config: &'a Config,
    paths: &'a [Arc<str>],
    unread: &'a [&'a str],
    findings: &'a [Finding],
    fields: &'a dyn Fn(&str) -> Vec<FieldPath>,
    images: OnceCell<Vec<ImageName>>,
}

/// What matches nothing, and why.
enum Mismatch {
    /// The glob itself, or what is looked for in its files.
    Glob(String),
    /// The `field` beside it.
    Field(String),
}

impl Repository<'_> {
    fn mismatch(&self, declared: &DeclaredGlob) -> Option<Mismatch> {
        let DeclaredGlob { key, glob, .. } = declared;
        // The operator's file may be for several repositories, each of which has only a part of what it names.
        if declared.written_by == ConfigSource::Operator && is_about_files_or_images(key) {
            return None;
        }
        if *key == DeclaredKey::RuleImages {
            return self.unmatched_image(glob).map(Mismatch::Glob);
        }
        if self.unread.iter().any(|folder| may_match_in(glob.glob().glob(), folder)) {
            return None;
        }
        let mut matching = self.paths.iter().filter(|path| glob.is_match(&***path)).peekable();
        if matching.peek().is_none() {
            let near = nearest_match(&declared.written, '/', self.paths.iter().map(|path| &**path));
            return Some(Mismatch::Glob(with_nearest("no file matches this path", near)));
        }
        if matches!(key, DeclaredKey::Include | DeclaredKey::Exclude) {
            return None;
        }
        if !matching.any(|path| self.config.paths.read(path)) {
            return Some(Mismatch::Glob("`paths` leaves out every file that matches this path".to_owned()));
        }
        let found = self.findings.iter().filter(|finding| glob.is_match(&*finding.place().path));
        self.missing(declared, found)
    }

    /// Returns what the files of a glob do not have that its key finds. `found` are the findings in these files.
    fn missing<'f>(&self, declared: &DeclaredGlob, mut found: impl Iterator<Item = &'f Finding>) -> Option<Mismatch> {
        let (is_found, missing) = match &declared.key {
            DeclaredKey::AppVersions => (found.any(|finding| finding.place().field == "appVersion"), "`appVersion`"),
            DeclaredKey::Tags(field, _) => {
                let found: Vec<&Finding> = found.filter(|one| is_in_field(&one.place().field, field)).collect();
                let reason = if found.is_empty() {
                    Some(self.missing_field(declared, field))
                } else {
                    self.overruled_field(&found, field)
                };
                return reason.map(Mismatch::Field);
            }
            DeclaredKey::Patterns => (found.any(|finding| format(finding) == "pattern"), "match of `regex`"),
            DeclaredKey::Follow => (found.next().is_some(), "reference"),
            DeclaredKey::Include | DeclaredKey::Exclude | DeclaredKey::RulePaths | DeclaredKey::RuleImages => {
                return None;
            }
        };
        (!is_found).then(|| Mismatch::Glob(format!("no {missing} in the files that match this path")))
    }

    fn missing_field(&self, declared: &DeclaredGlob, field: &str) -> String {
        let files = self.paths.iter().filter(|path| declared.glob.is_match(&***path) && self.config.paths.read(path));
        let fields: Vec<FieldPath> = files.take(MAX_FILES).flat_map(|path| (self.fields)(path)).collect();
        if let Some(alias) = fields.iter().find(|one| one.path == field && one.written_at != field) {
            return format!("this field is an alias; write the one with the value, `{}`", alias.written_at);
        }
        let reason = format!("no file that matches `{}` has this field", declared.written);
        match fields.iter().find(|one| with_dots(&one.path) == with_dots(field)) {
            Some(same) => format!(
                "{reason}; a key with other characters than letters and digits is in brackets: `{}`",
                same.written_at
            ),
            None => with_nearest(&reason, nearest_match(field, '.', fields.iter().map(|one| &*one.path))),
        }
    }

    /// Returns why the image of `manifests.tags` is that of none of the values of its field: the manifest names another one.
    fn overruled_field(&self, found: &[&Finding], field: &str) -> Option<String> {
        let images = self.config.manifests.tags.iter().filter(|tag| tag.field == field);
        let images: Vec<ImageName> = images.filter_map(|tag| ImageName::new(&tag.image).ok()).collect();
        let mut others = Vec::new();
        for finding in found {
            match finding {
                Finding::Occurrence(occurrence) if !images.contains(occurrence.reference.name()) => {
                    others.push(occurrence.reference.name());
                }
                Finding::Occurrence(_) | Finding::Notice(_) => return None,
            }
        }
        let other = others.first()?;
        Some(format!(
            "the manifest names the image of this tag, {}, which applies in place of `image`",
            other.familiar()
        ))
    }

    fn unmatched_image(&self, glob: &GlobMatcher) -> Option<String> {
        let images = self.images.get_or_init(|| images(self.findings));
        let text = glob.glob().glob();
        // Wildcards alone name no image.
        let names_image = text.contains(char::is_alphanumeric);
        let matches = |name: &ImageName| {
            let is_name = || ImageName::new(text).is_ok_and(|written| written == *name);
            glob.is_match(name.as_str()) || glob.is_match(name.familiar()) || is_name()
        };
        if !names_image || images.iter().any(matches) {
            return None;
        }
        let near = nearest_match(text, '/', images.iter().flat_map(|image| [image.familiar(), image.as_str()]));
        Some(with_nearest("no reference has an image with this name", near))
    }
}

/// Returns whether a glob may match a file in a folder, judged by its text before the first wildcard.
fn may_match_in(glob: &str, folder: &str) -> bool {
    let (start, folder) = (glob.split(['*', '?', '[', '{', '\\']).next().unwrap_or_default(), format!("{folder}/"));
    folder == "/" || start.starts_with(&folder) || folder.starts_with(start)
}

/// Returns the images of all references, also of those that Tagboat cannot edit.
fn images(findings: &[Finding]) -> Vec<ImageName> {
    let mut images: Vec<ImageName> = findings
        .iter()
        .filter_map(|finding| match finding {
            Finding::Occurrence(occurrence) => Some(occurrence.reference.name().clone()),
            Finding::Notice(notice) => notice.image_name(),
        })
        .collect();
    images.sort();
    images.dedup();
    images
}

fn with_nearest(reason: &str, near: Option<&str>) -> String {
    near.map_or_else(|| reason.to_owned(), |near| format!("{reason}; the nearest is `{near}`"))
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

/// Returns a field with a dot before each key: `a.b.c` for `a["b.c"]`.
fn with_dots(field: &str) -> String {
    field.replace("[\"", ".").replace("\"]", "").trim_start_matches('.').to_owned()
}

fn is_about_files_or_images(key: &DeclaredKey) -> bool {
    matches!(
        key,
        DeclaredKey::Include
            | DeclaredKey::Exclude
            | DeclaredKey::RulePaths
            | DeclaredKey::RuleImages
            | DeclaredKey::Follow
    )
}

fn notice(declared: &DeclaredGlob, mismatch: Mismatch) -> Notice {
    let (key, status) = match &declared.key {
        DeclaredKey::Include => ("paths.include", NoticeStatus::Held),
        // It is no fault to leave out what is not there yet.
        DeclaredKey::Exclude => ("paths.exclude", NoticeStatus::Ignored),
        DeclaredKey::RulePaths => ("rules.paths", NoticeStatus::Held),
        DeclaredKey::RuleImages => ("rules.images", NoticeStatus::Held),
        DeclaredKey::Follow => ("policies.follow", NoticeStatus::Held),
        DeclaredKey::AppVersions => ("manifests.app-versions.paths", NoticeStatus::Held),
        DeclaredKey::Tags(..) => ("manifests.tags.paths", NoticeStatus::Held),
        DeclaredKey::Patterns => ("manifests.patterns.paths", NoticeStatus::Held),
    };
    let ((key, written, position), reason) = match (&declared.key, mismatch) {
        (DeclaredKey::Tags(field, position), Mismatch::Field(reason)) => {
            (("manifests.tags.field", field, *position), reason)
        }
        (_, Mismatch::Glob(reason) | Mismatch::Field(reason)) => ((key, &declared.written, declared.position), reason),
    };
    let place = Place {
        path: declared.file.as_str().into(),
        position,
        field: key.to_owned(),
        value: written.clone(),
        span: None,
    };
    Notice { place, format: CONFIGURATION, status, reason }
}

fn unreachable(rule: &UnreachableRule) -> Notice {
    let place = Place {
        path: rule.file.as_str().into(),
        position: rule.position,
        field: "rules".to_owned(),
        value: "rules".to_owned(),
        span: None,
    };
    let reason = format!(
        "the rule at line {} matches everything that this rule matches, and the first rule that matches decides; move this rule before it",
        rule.covered_by
    );
    Notice { place, format: CONFIGURATION, status: NoticeStatus::Held, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_by_the_start_of_a_glob_whether_it_may_match_in_a_folder() {
        #[rustfmt::skip]
        let rows = [
            ("private/**",         "private",      true),
            ("private/a.yaml",     "private",      true),
            ("private/a/b.yaml",   "private/a",    true),
            ("**/a.yaml",          "private",      true),
            ("pri*/a.yaml",        "private",      true),
            ("private/b/*.yaml",   "private/a",    false),
            ("private-b/*.yaml",   "private",      false),
            ("apps/**",            "private",      false),
            ("private",            "private",      true),
            ("apps/a.yaml",        "",             true),
        ];
        for (glob, folder, expected) in rows {
            assert_eq!(may_match_in(glob, folder), expected, "{glob} {folder}");
        }
    }
}
