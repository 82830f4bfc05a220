//! Validates `manifests`: the additional places in which references are found.

use globset::GlobMatcher;
use regex::{Regex, RegexBuilder};

use super::config::{Config, DeclaredGlob, DeclaredKey, ManifestSettings};
use super::error::Problem;
use super::files::ConfigFiles;
use super::schema::{AppVersionSchema, ManifestsSchema, PatternSchema, Schema, TagSchema};
use super::syntax::located::Located;
use super::syntax::place::ConfigPlace;
use super::values::patterns::{followed_pattern, image_pattern, path_pattern};
use crate::image::{AppVersion, ImageName, ReferencePattern, TagField};

/// The maximum size of a compiled regular expression in bytes.
const REGEX_LIMIT: usize = 1 << 20;

/// Returns the additional places, and reports invalid ones. An entry with several globs becomes one entry for each glob.
pub(super) fn manifests(written: ManifestsSchema, problems: &mut Vec<Problem>) -> ManifestSettings {
    ManifestSettings {
        variable_defaults: written.variable_defaults.unwrap_or(false),
        app_versions: written.app_versions.into_iter().flat_map(|one| app_version(one, problems)).collect(),
        tags: written.tags.into_iter().flat_map(|one| tag_field(one, problems)).collect(),
        patterns: written.patterns.into_iter().flat_map(|one| pattern(one, problems)).collect(),
    }
}

impl Config {
    /// Returns the globs of `paths.include` that name the ending of their files, such as `**/*.gotmpl`.
    pub fn named_files(&self) -> impl Iterator<Item = &GlobMatcher> {
        let includes = self.declared_globs.iter().filter(|one| one.key == DeclaredKey::Include);
        includes.map(|one| &one.glob).filter(|glob| {
            let name = glob.glob().glob().rsplit('/').next().unwrap_or_default();
            let ending = name.rsplit_once('.').map_or(name, |(_, ending)| ending);
            !ending.is_empty() && !ending.contains(['*', '?', '[', '{', '}'])
        })
    }
}

/// Returns the valid globs of a configuration, with their positions.
pub(super) fn declared_globs(schema: &Schema, files: ConfigFiles<'_>) -> Vec<DeclaredGlob> {
    let mut declared = Vec::new();
    let mut add = |key: &DeclaredKey, written: &[Located<String>]| {
        let parse = match key {
            DeclaredKey::RuleImages => image_pattern,
            DeclaredKey::Follow => followed_pattern,
            _ => path_pattern,
        };
        for Located { value, place } in written {
            let Ok(glob) = parse(value) else { continue };
            declared.push(DeclaredGlob {
                key: key.clone(),
                written: value.clone(),
                glob: glob.compile_matcher(),
                written_by: files.source(*place),
                file: files.name(*place).to_owned(),
                position: place.position,
            });
        }
    };
    add(&DeclaredKey::Include, schema.paths.include.as_deref().unwrap_or_default());
    add(&DeclaredKey::Exclude, &schema.paths.exclude);
    for rule in schema.rules.iter().flatten() {
        add(&DeclaredKey::RulePaths, rule.value.paths.as_deref().unwrap_or_default());
        add(&DeclaredKey::RuleImages, rule.value.images.as_deref().unwrap_or_default());
    }
    let manifests = &schema.manifests;
    manifests.app_versions.iter().for_each(|one| add(&DeclaredKey::AppVersions, &one.value.paths));
    for tag in &manifests.tags {
        let field = tag.value.field.as_ref().map(|field| (field.value.clone(), field.place.position));
        let (field, position) = field.unwrap_or_else(|| (String::new(), tag.place.position));
        add(&DeclaredKey::Tags(field, position), &tag.value.paths);
    }
    manifests.patterns.iter().for_each(|one| add(&DeclaredKey::Patterns, &one.value.paths));
    let policies = schema.policies.values().flatten();
    for (_, Located { value, place }) in policies.filter(|(key, _)| key.value == "follow") {
        let texts = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let texts = texts.iter().filter_map(|text| text.as_str());
        let paths: Vec<_> = texts.map(|text| Located { value: text.to_owned(), place: *place }).collect();
        add(&DeclaredKey::Follow, &paths);
    }
    declared
}

fn app_version(written: Located<AppVersionSchema>, problems: &mut Vec<Problem>) -> Vec<AppVersion> {
    let Located { value: written, place } = written;
    let paths = paths(&written.paths, place, problems);
    let Some(image) = image(written.image.as_ref(), place, problems) else { return Vec::new() };
    paths.into_iter().map(|paths| AppVersion { paths, image: image.clone() }).collect()
}

fn tag_field(written: Located<TagSchema>, problems: &mut Vec<Problem>) -> Vec<TagField> {
    let Located { value: written, place } = written;
    let paths = paths(&written.paths, place, problems);
    let image = image(written.image.as_ref(), place, problems);
    let Some(field) = written.field else {
        problems.push(
            lacking("field", place)
                .hint("write the field as `tagboat list --format json` prints it: `field: controller.image.tag`"),
        );
        return Vec::new();
    };
    let Some(image) = image else { return Vec::new() };
    let one = |paths| TagField { paths, field: field.value.clone(), image: image.clone() };
    paths.into_iter().map(one).collect()
}

fn pattern(written: Located<PatternSchema>, problems: &mut Vec<Problem>) -> Vec<ReferencePattern> {
    let Located { value: written, place } = written;
    let paths = paths(&written.paths, place, problems);
    let Some(regex) = written.regex.as_ref() else {
        problems.push(lacking("regex", place).hint("write an expression, as in `regex: '^TAG=(?<tag>\\S+)$'`"));
        return Vec::new();
    };
    let Some(compiled) = compiled(regex, problems) else { return Vec::new() };
    let names_image = compiled.capture_names().flatten().any(|group| group == "name");
    let image = match &written.image {
        Some(image) if names_image => {
            let problem = Problem::new(image.place, "both `image` and the group `name` are set");
            problems.push(problem.hint("remove `image`, or the group `(?<name>…)`"));
            None
        }
        None if names_image => None,
        written => match image(written.as_ref(), place, problems) {
            Some(image) => Some(image),
            None => return Vec::new(),
        },
    };
    let one = |paths| ReferencePattern { paths, regex: compiled.clone(), image: image.clone() };
    paths.into_iter().map(one).collect()
}

fn compiled(regex: &Located<String>, problems: &mut Vec<Problem>) -> Option<Regex> {
    let built = RegexBuilder::new(&regex.value).multi_line(true).size_limit(REGEX_LIMIT).build();
    let compiled = match built {
        Ok(compiled) => compiled,
        Err(error) => {
            let text = error.to_string();
            let cause = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            let problem = Problem::new(regex.place, format!("invalid regular expression: {cause}"));
            problems.push(problem.hint("write an expression, as in `regex: '^TAG=(?<tag>\\S+)$'`"));
            return None;
        }
    };
    let known = ["name", "tag", "digest"];
    let mut groups = compiled.capture_names().flatten();
    if let Some(unknown) = groups.find(|group| !known.contains(group)) {
        problems.push(Problem::unknown(regex.place, "group", unknown, known));
        return None;
    }
    if !compiled.capture_names().flatten().any(|group| group != "name") {
        let problem = Problem::new(regex.place, "missing group `tag` or `digest`");
        problems.push(problem.hint("name the part that changes, as in `regex: '^TAG=(?<tag>\\S+)$'`"));
        return None;
    }
    Some(compiled)
}

fn paths(written: &[Located<String>], place: ConfigPlace, problems: &mut Vec<Problem>) -> Vec<GlobMatcher> {
    if written.is_empty() {
        problems.push(lacking("paths", place).hint("name the files, as in `paths: [\"envs/**/values.yaml\"]`"));
    }
    let mut matchers = Vec::new();
    for text in written {
        match path_pattern(&text.value) {
            Ok(glob) => matchers.push(glob.compile_matcher()),
            Err(error) => problems.push(Problem::new(text.place, error.to_string()).hint(error.hint())),
        }
    }
    matchers
}

fn image(written: Option<&Located<String>>, place: ConfigPlace, problems: &mut Vec<Problem>) -> Option<String> {
    let Some(written) = written else {
        problems.push(lacking("image", place).hint("name the image without its tag, as in `image: ghcr.io/acme/api`"));
        return None;
    };
    if let Err(error) = ImageName::new(&written.value) {
        let problem = Problem::new(written.place, error.to_string());
        problems.push(problem.hint("name the image without its tag, as in `image: ghcr.io/acme/api`"));
        return None;
    }
    Some(written.value.clone())
}

fn lacking(key: &str, place: ConfigPlace) -> Problem {
    Problem::new(place, format!("missing `{key}`"))
}
