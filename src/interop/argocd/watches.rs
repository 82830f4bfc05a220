//! Annotations and `ImageUpdater` objects of Argo CD Image Updater in the manifests, resolved to the files of each
//! application. [`settings`] parses them.

use std::collections::BTreeMap;
use std::sync::Arc;

use globset::GlobBuilder;
use serde_json::Value;

use super::application::Application;
use super::notice::{held, ignored, place};
use super::notices;
use super::scope::ApplicationScope;
use super::settings::{self, ApplicationRef, PREFIX, Target, Watched};
use crate::image::{ImageName, Platform, TagField};
use crate::interop::objects::Object;
use crate::manifest::{Notice, Place};
use crate::policy::{self, PolicyEntry, Settings};

/// An image that the settings of an application select for updates.
#[derive(Debug, Clone)]
pub struct Watch {
    /// `api/web`: the application and the alias of the image.
    pub(crate) label: String,
    pub(crate) name: ImageName,
    /// The policy and its settings, or why they are invalid.
    pub(crate) policy: Result<(Arc<PolicyEntry>, Settings), String>,
    pub(crate) platforms: Vec<Platform>,
    pub(crate) scope: Arc<ApplicationScope>,
    /// `the Application api at argo/api.yaml:9`
    pub(crate) source: String,
    /// The place that names the image, for notices.
    pub(crate) place: Place,
}

/// The images that the applications of a repository select for updates.
#[derive(Debug, Clone, Default)]
pub struct Applications {
    watches: BTreeMap<ImageName, Vec<Watch>>,
    /// Notices about the settings of the applications.
    pub notices: Vec<Notice>,
    /// Values that contain only a tag, with the image that the annotations name.
    pub tags: Vec<TagField>,
}

/// A value that contains only a tag, in the files that a glob matches.
#[derive(Clone)]
struct NamedTag {
    glob: String,
    field: String,
    image: String,
}

/// Collects the settings of the applications of a repository.
#[derive(Default)]
struct Collector {
    watches: Vec<Watch>,
    notices: Vec<Notice>,
    tags: Vec<NamedTag>,
}

impl Applications {
    /// Reads the settings of the Applications and ImageUpdaters among the objects.
    pub fn read(objects: &[Object]) -> Self {
        let collected = collect(objects);
        let mut watches = BTreeMap::<ImageName, Vec<Watch>>::new();
        for watch in collected.watches {
            watches.entry(watch.name.clone()).or_default().push(watch);
        }
        let tag = |one: NamedTag| {
            let glob = GlobBuilder::new(&one.glob).literal_separator(true).build().ok()?;
            Some(TagField { paths: glob.compile_matcher(), field: one.field, image: one.image })
        };
        Self {
            watches,
            notices: collected.notices,
            tags: unambiguous(collected.tags).into_iter().filter_map(tag).collect(),
        }
    }

    /// Returns whether no application selects an image and there is no notice.
    pub fn is_empty(&self) -> bool {
        self.watches.is_empty() && self.notices.is_empty()
    }

    /// Returns every image that an application selects, in the order of the names.
    pub fn watches(&self) -> impl Iterator<Item = &Watch> {
        self.watches.values().flatten()
    }

    /// Returns the watches for an image at a place.
    pub fn at(&self, name: &ImageName, path: &str, line: usize) -> impl Iterator<Item = &Watch> {
        self.watches.get(name).into_iter().flatten().filter(move |watch| watch.scope.holds(path, line))
    }

    /// Returns a notice for each watch without effect: no file of its application contains the image. `found` is every
    /// reference: image, file and line.
    pub fn without_effect<'a>(
        &self,
        paths: &[impl AsRef<str>],
        found: impl Iterator<Item = (&'a ImageName, &'a str, usize)>,
    ) -> Vec<Notice> {
        let mut idle: Vec<_> = self.watches().map(|watch| (watch, true)).collect();
        if idle.is_empty() {
            return Vec::new();
        }
        for (name, path, line) in found.filter(|(name, ..)| self.watches.contains_key(*name)) {
            let here = |watch: &Watch| watch.name == *name && watch.scope.holds(path, line);
            idle.iter_mut().filter(|(watch, _)| here(watch)).for_each(|(_, idle)| *idle = false);
        }
        idle.into_iter().filter(|(_, idle)| *idle).map(|(watch, _)| watch.without_effect(paths)).collect()
    }
}

impl Watch {
    /// Returns the notice that the watch has no effect, with the cause.
    fn without_effect(&self, paths: &[impl AsRef<str>]) -> Notice {
        let (setting, globs) = (self.place.clone(), self.scope.globs.join(", "));
        if paths.iter().any(|path| self.scope.may_hold(path.as_ref())) {
            let name = self.name.familiar();
            held(
                setting,
                format!(
                    "no file of the application ({globs}) contains {name}; add it to one of them, or name \
                 the value that contains its tag with helm.image-tag"
                ),
            )
        } else if globs.is_empty() {
            ignored(setting, "the application names no files of this repository")
        } else {
            ignored(setting, format!("the files of the application are not in this repository: {globs}"))
        }
    }
}

/// Reads the applications and updaters among the objects. An updater takes precedence over annotations.
fn collect(objects: &[Object]) -> Collector {
    let mut collector = Collector::default();
    let applications: Vec<Application<'_>> = objects.iter().filter_map(Application::new).collect();
    let updaters = objects.iter().filter(|object| object.kind == "ImageUpdater");
    let updaters: Vec<_> = updaters.filter_map(|object| collector.updater(object)).collect();
    for (updater, refs) in &updaters {
        collector.notices.extend(notices::unmatched(updater, refs, &applications));
    }
    for application in &applications {
        let by_object: Vec<_> = updaters.iter().filter_map(|(object, refs)| best(object, refs, application)).collect();
        for (updater, at, one) in &by_object {
            if one.use_annotations {
                collector.annotated(application);
            } else {
                collector.object(application, updater, *at, one);
            }
        }
        // Without an object that selects the application, its annotations apply.
        if by_object.is_empty() {
            collector.annotated(application);
        }
    }
    collector
}

/// Returns the most specific `applicationRef` of an updater for an application, and its index. Ranks as the updater does.
fn best<'u>(
    updater: &'u Object,
    refs: &'u [ApplicationRef],
    application: &Application<'_>,
) -> Option<(&'u Object, usize, &'u ApplicationRef)> {
    let object = application.object;
    let shares_namespace = [&updater.namespace, &object.namespace].iter().any(|namespace| namespace.is_empty())
        || updater.namespace == object.namespace;
    let fitting = refs.iter().enumerate().filter(|(_, one)| shares_namespace && application.is_selected(one));
    fitting.max_by_key(|(at, one)| (one.specificity(), std::cmp::Reverse(*at))).map(|(at, one)| (updater, at, one))
}

impl Collector {
    fn updater<'o>(&mut self, object: &'o Object) -> Option<(&'o Object, Vec<ApplicationRef>)> {
        self.notices.extend(notices::updater_notices(object));
        match settings::object(&object.value["spec"]) {
            Ok(refs) => Some((object, refs)),
            Err(error) => {
                let setting = place(object, "/spec", object.name.clone());
                self.notices.push(held(setting, format!("invalid ImageUpdater: {error}")));
                None
            }
        }
    }

    fn annotated(&mut self, application: &Application<'_>) {
        let pointer = |key: &str| format!("{}/annotations/{PREFIX}{key}", application.metadata);
        let list = pointer("image-list");
        let value = application.annotations.get(&format!("{PREFIX}image-list")).and_then(Value::as_str);
        let setting = place(application.object, &list, value.unwrap_or_default().to_owned());
        let watched = match settings::annotations(&application.annotations) {
            Ok(watched) => watched,
            Err(error) => return self.notices.push(held(setting, error.to_string())),
        };
        self.notices.extend(notices::annotation_notices(application, &watched));
        let target = settings::write_back(&application.annotations).target;
        let place_of = |one: &Watched| {
            let key = one.settings.as_ref().err().and_then(|error| error.part.key()).unwrap_or_default();
            let alias = one.alias.as_deref().unwrap_or_default().replace('/', "_");
            let keys = [format!("{alias}.{key}"), key.to_owned()];
            let known = keys.iter().find(|key| application.annotations.contains_key(&format!("{PREFIX}{key}")));
            place(application.object, &known.map_or(list.clone(), |key| pointer(key)), one.image.clone())
        };
        let kind = &application.object.kind;
        self.watches(application, &watched, target.as_deref(), &format!("the {kind} {}", application.title), place_of);
    }

    fn object(&mut self, application: &Application<'_>, updater: &Object, at: usize, one: &ApplicationRef) {
        let place_of = |image: &Watched| {
            let number = one.images.iter().position(|known| std::ptr::eq(known, image)).unwrap_or_default();
            let pointer = format!("/spec/applicationRefs/{at}/images/{number}");
            place(updater, &pointer, image.image.clone())
        };
        let who = format!("the ImageUpdater {}", updater.name);
        self.watches(application, &one.images, one.write_back.target.as_deref(), &who, place_of);
    }

    fn watches(
        &mut self,
        application: &Application<'_>,
        watched: &[Watched],
        target: Option<&str>,
        who: &str,
        place_of: impl Fn(&Watched) -> Place,
    ) {
        let scope = application.scope(target);
        let is_only_default = watched.iter().filter(|one| one.target == Target::Default).count() == 1;
        for one in watched {
            let setting = place_of(one);
            let name = match ImageName::new(&one.image) {
                Ok(name) => name,
                Err(_) if one.image.contains("{{") => {
                    self.notices.push(held(setting, "the image is a template expression, so its name is unknown"));
                    continue;
                }
                Err(error) => {
                    self.notices.push(held(setting, format!("malformed image name: {error}")));
                    continue;
                }
            };
            let source = format!("{who} at {}:{}", setting.path, setting.position.line);
            let policy = one.settings.clone().and_then(|settings| Ok((Arc::new(policy::build(&settings)?), settings)));
            let policy = policy.map_err(|error| error.reason());
            self.tags.extend(named_tags(application, one, &scope, is_only_default));
            self.watches.push(Watch {
                label: format!("{}/{}", application.title, one.alias.as_deref().unwrap_or(name.base())),
                name,
                policy,
                platforms: one.platforms.clone(),
                scope: Arc::clone(&scope),
                source,
                place: setting,
            });
        }
    }
}

/// Returns the chart values and Helm parameters that contain only the tag of an image. `is_only_default` means that no
/// other image of the application has the default target.
fn named_tags(
    application: &Application<'_>,
    one: &Watched,
    scope: &ApplicationScope,
    is_only_default: bool,
) -> Vec<NamedTag> {
    let tag = match &one.target {
        Target::Helm { tag: Some(tag), spec: None, .. } => tag.as_str(),
        // The updater writes there by default.
        Target::Default if is_only_default => "image.tag",
        _ => return Vec::new(),
    };
    let field = |glob: &String, field: String| NamedTag { glob: glob.clone(), field, image: one.image.clone() };
    let by_field = scope.values.iter().map(|glob| field(glob, tag.to_owned()));
    let by_name = scope.parameters.iter().map(|glob| field(glob, tag.to_owned()));
    let own = application.value_fields().into_iter().map(|prefix| field(&application.object.path, prefix + tag));
    by_field.chain(by_name).chain(own).collect()
}

/// Returns the tags without those for which two applications name different images.
fn unambiguous(tags: Vec<NamedTag>) -> Vec<NamedTag> {
    let is_ambiguous = |one: &&NamedTag| {
        tags.iter().any(|other| (&one.glob, &one.field) == (&other.glob, &other.field) && one.image != other.image)
    };
    tags.iter().filter(|one| !is_ambiguous(one)).cloned().collect()
}
