//! The rules of a starter configuration, and the policies that they name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::image::Tag;
use crate::text::flow_string;

use super::found::FoundImage;
use super::update::{Files, Update};

/// Images by how they are updated. The order is that of the rules.
#[derive(Debug)]
pub(super) struct Rules<'i>(BTreeMap<Update, Vec<(&'i FoundImage, Files<'i>)>>);

impl<'i> Rules<'i> {
    pub(super) fn new(images: &'i [FoundImage]) -> Self {
        let mut images: Vec<&FoundImage> = images.iter().collect();
        images.sort_by(|a, b| a.name.cmp(&b.name));
        let mut rules = BTreeMap::<Update, Vec<_>>::new();
        for image in images {
            for (update, files) in image.updates() {
                if !matches!(update, Update::Numbers | Update::Undecided) {
                    rules.entry(update).or_default().push((image, files));
                }
            }
        }
        Self(rules)
    }

    /// Returns whether a rule names a policy that has to be defined.
    pub(super) fn need_policies(&self) -> bool {
        self.0.keys().any(|update| *update != Update::Ignored)
    }

    /// Returns the updates with the names of their policies: `newest-build`, `newest-build-2`.
    fn named(&self) -> impl Iterator<Item = (String, &Update, &[(&'i FoundImage, Files<'i>)])> {
        let mut builds = 0;
        self.0.iter().map(move |(update, images)| {
            let name = match update {
                Update::Builds(_) => {
                    builds += 1;
                    if builds == 1 { "newest-build".to_owned() } else { format!("newest-build-{builds}") }
                }
                Update::Floating => "floating".to_owned(),
                Update::SameMajor => "same-major".to_owned(),
                Update::Ignored | Update::Numbers | Update::Undecided => "ignore".to_owned(),
            };
            (name, update, images.as_slice())
        })
    }

    /// Writes the policies that the rules name.
    pub(super) fn write_policies(&self, out: &mut String) {
        for (name, update, _) in self.named() {
            match update {
                Update::Builds(pattern) => {
                    let _ = writeln!(out, "  {name}:\n{NEWEST_BUILD}    include: '{pattern}'");
                }
                Update::Floating => out.push_str(FLOATING),
                Update::SameMajor => out.push_str(SAME_MAJOR),
                Update::Ignored | Update::Numbers | Update::Undecided => {}
            }
        }
    }

    /// Writes the rules, first those that name files.
    pub(super) fn write(&self, out: &mut String) {
        let mut written = "";
        for (name, update, images) in self.named() {
            if about(update) != written {
                written = about(update);
                let _ = writeln!(out, "  # {written}");
            }
            for (image, files) in images {
                if let Some(files) = files {
                    write_rule(out, &[(image, Some(files))], &name);
                }
            }
            let everywhere: Vec<_> =
                images.iter().filter(|(_, files)| files.is_none()).map(|(image, _)| (*image, None)).collect();
            if !everywhere.is_empty() {
                write_rule(out, &everywhere, &name);
            }
        }
    }
}

const NEWEST_BUILD: &str = "    newest-build: true                      # the image that was built last
    # Candidates are only tags like the current ones.
";
const SAME_MAJOR: &str = "  same-major:
    shape: same                             # a tag of the same shape with greater numbers
    max-bump: minor                         # never the next major version
";
const FLOATING: &str = "  floating:
    digest: true                            # the tag stays, the digest beside it follows
";

fn about(update: &Update) -> &'static str {
    match update {
        Update::Builds(_) => "Tags of these images are commits: the newest build is chosen.",
        Update::Floating => "Tags of these images move, like latest: the digest beside the tag is updated.",
        Update::SameMajor => "These images hold state: a new major version needs a migration.",
        Update::Ignored | Update::Numbers | Update::Undecided => {
            "These images look local or like placeholders: their tags are not looked up."
        }
    }
}

fn write_rule(out: &mut String, images: &[(&FoundImage, Option<&BTreeSet<&str>>)], policy: &str) {
    out.push_str("  - images:\n");
    for (image, files) in images {
        let name = image.name.familiar();
        let is_there = |path: &str| files.is_none_or(|files| files.contains(path));
        let tags = image.references.iter().filter(|found| is_there(&found.path)).filter_map(|found| found.tag.as_ref());
        let tags: BTreeSet<&str> = tags.map(Tag::as_str).collect();
        let tags: Vec<&str> = tags.into_iter().take(if name.len() > 37 { 1 } else { 3 }).collect();
        let line = if tags.is_empty() { name.to_owned() } else { format!("{name:<37} # {}", tags.join(", ")) };
        let _ = writeln!(out, "      - {line}");
    }
    if let Some(files) = images.iter().find_map(|(_, files)| *files) {
        out.push_str("    paths:\n");
        for path in files {
            let _ = writeln!(out, "      - {}", flow_string(&globset::escape(path)));
        }
    }
    let _ = writeln!(out, "    policy: {policy}");
}
