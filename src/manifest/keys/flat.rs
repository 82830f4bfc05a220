//! References in flat lists of keys and values: whole ones, and those in parts such as `image.repository` and `image.tag`.

use super::super::document::Document;
use super::super::found::DocumentFindings;
use super::super::occurrence::NoticeStatus;
use super::super::options::tag_setting;
use super::super::split_reference::SplitReference;
use super::super::value::is_full_reference;
use super::names::{ALLOWED, contains_image, is_allow_list, is_image_key};
use super::registry::report_beside;
use super::single::is_unfinished;
use crate::image::begins_with_registry;
use crate::text::{NodeId, Tree};

/// Keys with their values, side by side.
pub(in crate::manifest) struct FlatKeys<'t> {
    tree: &'t Tree<'t>,
    entries: Vec<(&'t str, NodeId)>,
}

impl<'t> FlatKeys<'t> {
    pub(in crate::manifest) fn new(tree: &'t Tree<'t>, entries: Vec<(&'t str, NodeId)>) -> Self {
        Self { tree, entries }
    }

    /// Returns the entries of a mapping.
    pub(in crate::manifest) fn of(tree: &'t Tree<'t>, map: NodeId) -> Self {
        let entries = tree.entries(map).map(|(key, value)| (key, tree.follow(value)));
        let entries = entries.filter(|(_, value)| tree.text_of(*value).is_some());
        Self::new(tree, entries.filter_map(|(key, value)| Some((tree.text_of(key)?, value))).collect())
    }

    /// Returns the value of a key, in any case of its letters. Of several, the last one applies.
    pub(in crate::manifest) fn get(&self, wanted: &str) -> Option<NodeId> {
        self.entries.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| *value)
    }

    /// Returns the reference of a tag, with the registry, the repository and the digest beside it; without a name if there is no
    /// repository.
    pub(in crate::manifest) fn beside(&self, key: &str, tag: NodeId) -> SplitReference {
        let (prefix, _) = split_key(key);
        let part = |names: &[&str]| names.iter().find_map(|name| self.get(&format!("{prefix}{name}")));
        let registry = self.registry_beside(key);
        let repository = part(&["repository", "repo", "name", "imageRepository", "imageRepo", "imageName"]);
        let repository = repository.or_else(|| self.get(prefix.trim_end_matches(SEPARATORS)));
        let names: Vec<NodeId> = [registry, repository].into_iter().flatten().collect();
        let words: Vec<&str> = names.iter().filter_map(|node| self.tree.text_of(*node)).collect();
        let name = repository.map(|_| words.join("/"));
        SplitReference { name, names, tag: Some(tag), digest: part(&["digest", "sha"]), ..SplitReference::default() }
    }

    /// Returns the registry beside a tag.
    pub(in crate::manifest) fn registry_beside(&self, key: &str) -> Option<NodeId> {
        let (prefix, _) = split_key(key);
        ["registry", "hub"].iter().find_map(|name| self.get(&format!("{prefix}{name}")))
    }

    /// Reports the references of the list whose key or value is about an image. `list` is its name.
    pub(in crate::manifest) fn report(
        &self,
        document: &Document<'_>,
        found: &mut DocumentFindings<'_>,
        format: &'static str,
        list: &str,
    ) {
        for (key, value) in &self.entries {
            let text = self.tree.text_of(*value).unwrap_or_default();
            if found.is_taken(*value) {
                continue;
            }
            if is_full_reference(text) && is_allow_list(key) {
                found.report_notice(document, format, *value, NoticeStatus::Ignored, ALLOWED.to_owned());
            } else if is_reference(list, key, text) {
                self.report_whole(document, found, format, key, *value);
            } else if is_tag(key) && !text.is_empty() {
                self.report_tag(document, found, format, (key, *value));
            }
        }
    }

    /// Reports a value that should be a whole reference, unless a registry beside it may be put before the name.
    pub(in crate::manifest) fn report_whole(
        &self,
        document: &Document<'_>,
        found: &mut DocumentFindings<'_>,
        format: &'static str,
        key: &str,
        value: NodeId,
    ) {
        let beside = self.entries.iter().filter_map(|(key, value)| Some((*key, self.tree.text_of(*value)?)));
        let length = self.tree.text_of(value).map_or(0, str::len);
        report_beside(document, found, format, (key, value, 0..length), beside);
    }

    /// Reports a tag, if the name of its image is beside it.
    fn report_tag(
        &self,
        document: &Document<'_>,
        found: &mut DocumentFindings<'_>,
        format: &'static str,
        (key, tag): (&str, NodeId),
    ) {
        let mut split = self.beside(key, tag);
        let Some(name) = split.name.take() else { return };
        let configured = found.configured_or_marked_image(document, tag, |_| false);
        if configured.is_none() && self.may_be_completed(key, &name) {
            let setting = tag_setting(document.path, &document.field_path(tag), &name);
            let reason =
                format!("a registry may be put before {name}; write it in the name, or name the image: `{setting}`");
            return found.report_notice(document, format, tag, NoticeStatus::Held, reason);
        }
        split.name = configured.or(Some(name));
        found.report_split(document, format, &split);
    }

    /// Returns whether what reads the values may put something before a name without a registry: the value of another key, or a
    /// text of its own where the keys are variables.
    fn may_be_completed(&self, key: &str, name: &str) -> bool {
        let is_registry = |(key, _): &(&str, NodeId)| key.to_ascii_lowercase().contains("registry");
        !begins_with_registry(name) && (!key.contains('.') || self.entries.iter().any(is_registry))
    }
}

const SEPARATORS: [char; 3] = ['.', '_', '-'];

/// Returns whether a value is a reference, or should be one, by the name of its list, its key and its text.
fn is_reference(list: &str, key: &str, text: &str) -> bool {
    if !is_full_reference(text) {
        return is_unfinished(text) && key.rsplit('.').next().is_some_and(is_image_key);
    }
    let has_path = text.split_once('/').is_some_and(|(host, _)| host.contains('.')) && !text.contains("://");
    // GitLab's runner has services as strings, or with names.
    let is_service = [".services", ".services.name"].iter().any(|ending| key.ends_with(ending));
    has_path || is_service || contains_image(key) || contains_image(list)
}

/// Returns whether a key holds the tag of an image: `web.image.tag`, `web.imageTag`, `API_IMAGE_TAG`.
pub(in crate::manifest) fn is_tag(key: &str) -> bool {
    let (prefix, last) = split_key(key);
    let is_image_tag = last.eq_ignore_ascii_case("imageTag");
    is_image_tag || (last.eq_ignore_ascii_case("tag") && prefix.to_ascii_lowercase().contains("image"))
}

/// Splits a key before its last word: `web.image.` and `tag`. Without a dot, other separators split it.
fn split_key(key: &str) -> (&str, &str) {
    key.split_at(key.rfind('.').or_else(|| key.rfind(SEPARATORS)).map_or(0, |at| at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognizes_keys_of_tags() {
        for key in ["image.tag", "web.image.tag", "imageTag", "a.imageTag", "IMAGE_TAG", "api-image-tag"] {
            assert!(is_tag(key), "{key}");
        }
        for key in ["tag", "git.tag", "image.name", "image.tags", "TAG", "imagetags"] {
            assert!(!is_tag(key), "{key}");
        }
        assert_eq!(split_key("web_a.image.tag"), ("web_a.image.", "tag"));
        assert_eq!(split_key("API_IMAGE_TAG"), ("API_IMAGE_", "TAG"));
        assert_eq!(split_key("tag"), ("", "tag"));
    }
}
