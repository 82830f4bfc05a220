//! A configuration translated from the settings of another tool, and the settings that are not translated, with reasons.
//! Renders both as a `tagboat.yaml`.

use std::fmt::Write as _;

use serde_json::Value;

use crate::policy::{self, Pinning, Settings};
use crate::text::{flow_map, flow_string, flow_style, visible};

/// A translated configuration, and the settings that it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// The content of `tagboat.yaml`. A comment in it lists the settings in `left`.
    pub text: String,
    /// Settings that could not be translated, and why: `schedule: the syntax differs; set …`.
    pub left: Vec<String>,
}

/// A translation while the settings of the other tool are read.
#[derive(Debug, Default)]
pub(crate) struct TranslationDraft {
    pub(crate) paths: [Vec<String>; 2],
    pub(crate) policies: Vec<(String, Settings)>,
    pub(crate) rules: Vec<RuleDraft>,
    /// File, field path and image of values that contain only a tag.
    pub(crate) tags: Vec<[String; 3]>,
    /// Keys of `pull-requests` and their values.
    pub(crate) pull_requests: Vec<(&'static str, Value)>,
    /// Keys of `git` and their values.
    pub(crate) git: Vec<(&'static str, Value)>,
    /// Settings that could not be translated, and why.
    left: Vec<(String, String)>,
}

/// A rule of the translated configuration.
#[derive(Debug, Default, Clone)]
pub(crate) struct RuleDraft {
    /// The comment above the rule: where it comes from.
    pub(crate) about: String,
    pub(crate) images: Vec<String>,
    pub(crate) paths: Vec<String>,
    pub(crate) policy: Option<String>,
    pub(crate) min_age: Option<String>,
    pub(crate) platforms: Vec<String>,
    pub(crate) pinning: Pinning,
}

impl TranslationDraft {
    /// Records a setting that is not translated. `setting` must not contain its value, which may be a password.
    pub(crate) fn leave(&mut self, setting: impl Into<String>, reason: impl Into<String>) {
        let left = (setting.into(), reason.into());
        if !self.left.contains(&left) {
            self.left.push(left);
        }
    }

    /// Renders the translation. `from` names the translated files or objects.
    pub(crate) fn finish(self, from: &str) -> Translation {
        let left: Vec<String> =
            self.left.iter().map(|(setting, reason)| visible(&format!("{setting}: {reason}")).into_owned()).collect();
        let mut out = format!(
            "# Configuration of Tagboat, which updates image tags in this repository.\n# Translated from {}. `tagboat list` shows what \
             manages each reference.\n",
            visible(from)
        );
        if !left.is_empty() {
            out.push_str("#\n# Settings that could not be translated:\n");
            for line in &left {
                let _ = writeln!(out, "#   {line}");
            }
        }
        let [include, exclude] = &self.paths;
        let paths = [("include", include), ("exclude", exclude)].into_iter().filter(|(_, globs)| !globs.is_empty());
        section(&mut out, "paths", paths.map(|(key, globs)| (key, globs.clone().into())));
        self.write_policies(&mut out);
        section(&mut out, "pull-requests", self.pull_requests.into_iter());
        section(&mut out, "git", self.git.into_iter());
        Translation { text: out, left }
    }

    fn write_policies(&self, out: &mut String) {
        if !self.tags.is_empty() {
            out.push_str("\n# Values that contain only a tag.\nmanifests:\n  tags:\n");
        }
        for [path, field, image] in &self.tags {
            let (path, field, image) = (flow_string(path), flow_string(field), flow_string(image));
            let _ = writeln!(out, "    - {{ paths: [{path}], field: {field}, image: {image} }}");
        }
        if !self.policies.is_empty() {
            out.push_str("\npolicies:\n");
        }
        for (name, settings) in &self.policies {
            let _ = writeln!(out, "  {}: {}", flow_string(name), flow_map(policy::ordered_entries(settings)));
        }
        if !self.rules.is_empty() {
            out.push_str("\n# The first matching rule applies; images that no rule matches are ignored.\nrules:\n");
        }
        self.rules.iter().for_each(|rule| rule.write(out));
    }
}

impl RuleDraft {
    fn write(&self, out: &mut String) {
        if !self.about.is_empty() {
            let _ = writeln!(out, "  # {}", visible(&self.about));
        }
        let lists = [("images", &self.images), ("paths", &self.paths), ("platforms", &self.platforms)];
        let lists =
            lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(key, list)| (key, list.clone().into()));
        let texts = [("policy", &self.policy), ("min-age", &self.min_age)];
        let texts = texts.into_iter().filter_map(|(key, text)| Some((key, Value::from(text.clone()?))));
        let pin = match self.pinning {
            Pinning::Keep => None,
            Pinning::Add => Some(("pin", Value::Bool(true))),
            Pinning::Follow => Some(("pin", Value::from("follow"))),
        };
        for (at, (key, value)) in lists.chain(texts).chain(pin).enumerate() {
            let _ = writeln!(out, "  {} {key}: {}", if at == 0 { "-" } else { " " }, flow_style(&value));
        }
    }
}

fn section(out: &mut String, name: &str, values: impl Iterator<Item = (&'static str, Value)>) {
    for (at, (key, value)) in values.enumerate() {
        if at == 0 {
            let _ = writeln!(out, "\n{name}:");
        }
        let _ = writeln!(out, "  {key}: {}", flow_style(&value));
    }
}
