//! Argo CD Image Updater's annotations and `ImageUpdater` objects in the manifests, bound to the files of each application.
//! [`settings`] reads what they mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use globset::GlobBuilder;
use serde_json::Value;

use super::application::Application;
use super::notices;
use super::scope::ApplicationScope;
use super::settings::{self, ApplicationRef, PREFIX, Target, Watched};
use crate::image::{ImageName, Platform, TagField};
use crate::interop::notice::{held, ignored, place};
use crate::interop::objects::Object;
use crate::manifest::{Notice, Place};
use crate::policy::{self, PolicyEntry, Settings};

/// An image that an application has updated.
#[derive(Debug, Clone)]
pub struct Watch {
    /// `api/web`: the application and the alias of the image.
    pub(crate) label: String,
    pub(crate) name: ImageName,
    /// The policy, or why there is none.
    pub(crate) read: Result<(Arc<PolicyEntry>, Settings), String>,
    pub(crate) platforms: Vec<Platform>,
    pub(crate) scope: Arc<ApplicationScope>,
    /// `the Application api at argo/api.yaml:9`
    pub(crate) source: String,
    /// The place that names the image, for notices.
    pub(crate) place: Place,
}

/// The applications of a repository that have images updated.
#[derive(Debug, Clone, Default)]
pub struct Applications {
    watches: BTreeMap<ImageName, Vec<Watch>>,
    /// What to report about their settings.
    pub notices: Vec<Notice>,
    /// Values that hold a tag alone, with the image that the annotations name.
    pub tags: Vec<TagField>,
}

/// A value that holds a tag alone, by a glob of its files.
#[derive(Clone)]
struct NamedTag {
    glob: String,
    field: String,
    image: String,
}

/// What is known while the objects are read.
#[derive(Default)]
struct Reading {
    watches: Vec<Watch>,
    notices: Vec<Notice>,
    tags: Vec<NamedTag>,
}

impl Applications {
    /// Reads what the Applications and ImageUpdaters among the objects say.
    pub fn read(objects: &[Object]) -> Self {
        let read = read(objects);
        let mut watches = BTreeMap::<ImageName, Vec<Watch>>::new();
        for watch in read.watches {
            watches.entry(watch.name.clone()).or_default().push(watch);
        }
        let tag = |one: NamedTag| {
            let glob = GlobBuilder::new(&one.glob).literal_separator(true).build().ok()?;
            Some(TagField { paths: glob.compile_matcher(), field: one.field, image: one.image })
        };
        Self { watches, notices: read.notices, tags: unambiguous(read.tags).into_iter().filter_map(tag).collect() }
    }

    /// Whether they say nothing about images.
    pub fn is_empty(&self) -> bool {
        self.watches.is_empty() && self.notices.is_empty()
    }

    /// Every image that an application has updated.
    pub fn watches(&self) -> impl Iterator<Item = &Watch> {
        self.watches.values().flatten()
    }

    /// What applications say about an image at a place.
    pub fn at(&self, name: &ImageName, path: &str, line: usize) -> impl Iterator<Item = &Watch> {
        self.watches.get(name).into_iter().flatten().filter(move |watch| watch.scope.holds(path, line))
    }

    /// What applications ask for without effect, because none of their files holds the image. `found` is every reference:
    /// its image, file and line.
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
        idle.into_iter().filter(|(_, idle)| *idle).map(|(watch, _)| watch.idle(paths)).collect()
    }
}

impl Watch {
    /// Why nothing comes of it.
    fn idle(&self, paths: &[impl AsRef<str>]) -> Notice {
        let (setting, globs) = (self.place.clone(), self.scope.globs.join(", "));
        if paths.iter().any(|path| self.scope.may_be(path.as_ref())) {
            let name = self.name.familiar();
            held(
                setting,
                format!(
                    "no file of the application ({globs}) contains {name}, so there is no tag to update; write it there, or name \
                 the value that is its tag with helm.image-tag"
                ),
            )
        } else if globs.is_empty() {
            ignored(setting, "the application names no files of this repository")
        } else {
            ignored(setting, format!("the files of the application are not in this repository: {globs}"))
        }
    }
}

/// Binds what the applications and updaters among the objects say.
fn read(objects: &[Object]) -> Reading {
    let mut bound = Reading::default();
    let applications: Vec<Application<'_>> = objects.iter().filter_map(Application::new).collect();
    let updaters = objects.iter().filter(|object| object.kind == "ImageUpdater");
    let updaters: Vec<_> = updaters.filter_map(|object| bound.updater(object)).collect();
    for (updater, refs) in &updaters {
        bound.notices.extend(notices::unmatched(updater, refs, &applications));
    }
    for application in &applications {
        let by_object: Vec<_> = updaters.iter().filter_map(|(object, refs)| best(object, refs, application)).collect();
        for (updater, at, one) in &by_object {
            if one.use_annotations {
                bound.annotated(application);
            } else {
                bound.object(application, updater, *at, one);
            }
        }
        // Without an object that selects the application, its annotations apply.
        if by_object.is_empty() {
            bound.annotated(application);
        }
    }
    bound
}

/// The most specific part of an updater for an application, as the updater ranks them.
fn best<'u>(
    updater: &'u Object,
    refs: &'u [ApplicationRef],
    application: &Application<'_>,
) -> Option<(&'u Object, usize, &'u ApplicationRef)> {
    let object = application.object;
    let together = [&updater.namespace, &object.namespace].iter().any(|namespace| namespace.is_empty())
        || updater.namespace == object.namespace;
    let fitting = refs.iter().enumerate().filter(|(_, one)| together && application.is_selected(one));
    fitting.max_by_key(|(at, one)| (one.specificity(), std::cmp::Reverse(*at))).map(|(at, one)| (updater, at, one))
}

impl Reading {
    fn updater<'o>(&mut self, object: &'o Object) -> Option<(&'o Object, Vec<ApplicationRef>)> {
        self.notices.extend(notices::of_updater(object));
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
        self.notices.extend(notices::of_annotations(application, &watched));
        let target = settings::write_back(&application.annotations).target;
        let place_of = |one: &Watched| {
            let key = one.settings.as_ref().err().and_then(|error| error.key.clone()).unwrap_or_default();
            let alias = one.alias.as_deref().unwrap_or_default().replace('/', "_");
            let keys = [format!("{alias}.{key}"), key];
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
        let only = watched.iter().filter(|one| one.target == Target::Default).count() == 1;
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
            let read = one.settings.clone().and_then(|settings| Ok((Arc::new(policy::build(&settings)?), settings)));
            let read = read.map_err(|error| {
                let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                format!("{source} is invalid: {error}{hint}")
            });
            self.tags.extend(named(application, one, &scope, only));
            self.watches.push(Watch {
                label: format!("{}/{}", application.title, one.alias.as_deref().unwrap_or(name.base())),
                name,
                read,
                platforms: one.platforms.clone(),
                scope: Arc::clone(&scope),
                source,
                place: setting,
            });
        }
    }
}

/// Where values of a chart and parameters hold the tag alone: the annotations tell its image. `only` says that no other
/// image of the application has the default place.
fn named(application: &Application<'_>, one: &Watched, scope: &ApplicationScope, only: bool) -> Vec<NamedTag> {
    let tag = match &one.target {
        Target::Helm { tag: Some(tag), spec: None, .. } => tag.as_str(),
        // The default of the updater.
        Target::Default if only => "image.tag",
        _ => return Vec::new(),
    };
    let field = |glob: &String, field: String| NamedTag { glob: glob.clone(), field, image: one.image.clone() };
    let by_route = scope.values.iter().map(|glob| field(glob, tag.to_owned()));
    let by_name = scope.parameters.iter().map(|glob| field(glob, tag.to_owned()));
    let own = application.value_routes().into_iter().map(|route| field(&application.object.path, route + tag));
    by_route.chain(by_name).chain(own).collect()
}

/// Returns the values without those for which two applications name different images.
fn unambiguous(tags: Vec<NamedTag>) -> Vec<NamedTag> {
    let is_ambiguous = |one: &&NamedTag| {
        tags.iter().any(|other| (&one.glob, &one.field) == (&other.glob, &other.field) && one.image != other.image)
    };
    tags.iter().filter(|one| !is_ambiguous(one)).cloned().collect()
}
