//! Annotations and `ImageUpdater` objects of Argo CD Image Updater in the manifests, resolved to the files of each
//! application. [`settings`] parses them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use globset::GlobBuilder;
use serde_json::Value;

use super::application::Application;
use super::notice::{held, ignored, place};
use super::notices;
use super::scope::ApplicationScope;
use super::settings::{self, ApplicationRef, PREFIX, Target, Watched};
use crate::image::{ImageName, Platform, TagField};
use crate::interop::kustomization::Kustomizations;
use crate::interop::objects::Object;
use crate::manifest::{Finding, Notice, Place};
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
    /// The place of the write-back target, if there is one.
    target: Option<Place>,
    /// The field or variable that contains only the tag, if the settings name one.
    tag: Option<String>,
}

/// The images that the applications of a repository select for updates.
#[derive(Debug, Clone, Default)]
pub struct Applications {
    watches: BTreeMap<ImageName, Vec<Watch>>,
    /// Notices about the settings of the applications.
    pub notices: Vec<Notice>,
    /// Values that contain only a tag, with the image that the annotations name.
    pub tags: Vec<TagField>,
    /// Why a watch for an image applies nowhere, by images. Every reference of it may be the one that is meant.
    stray: BTreeMap<ImageName, String>,
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
            stray: BTreeMap::new(),
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

    /// Returns why settings that are meant for an image apply nowhere; `None` if they apply, or there are none.
    pub fn stray(&self, name: &ImageName) -> Option<&str> {
        self.stray.get(name).map(String::as_str)
    }

    /// Binds the watches to the files of a repository, and returns the notices about those that apply nowhere or whose target
    /// does not exist. `paths` are all files, `findings` all findings.
    pub fn bind<'a>(
        &mut self,
        kustomizations: &Kustomizations,
        paths: &[impl AsRef<str>],
        findings: impl Iterator<Item = &'a Finding> + Clone,
    ) -> Vec<Notice> {
        self.take_files(kustomizations);
        let watches: Vec<&Watch> = self.watches().collect();
        if watches.is_empty() {
            return Vec::new();
        }
        let mut idle = vec![true; watches.len()];
        let mut found = BTreeSet::new();
        for (name, place) in findings.clone().filter_map(image_at) {
            if !self.watches.contains_key(name) {
                continue;
            }
            found.insert(name);
            let here = |watch: &Watch| watch.name == *name && watch.scope.holds(&place.path, place.position.line);
            idle.iter_mut().zip(&watches).filter(|(_, watch)| here(watch)).for_each(|(idle, _)| *idle = false);
        }
        let (mut notices, mut stray) = (Vec::new(), BTreeMap::new());
        for (watch, is_idle) in watches.into_iter().zip(idle) {
            if is_idle {
                let (cause, fix) = self.cause(watch, paths, findings.clone());
                notices.push(watch.without_effect(paths, &format!("{cause}{fix}"), found.contains(&watch.name)));
                let reason = format!(
                    "{} may be meant for it, but {cause}; correct that, or name a policy for this image with a marker or \
                     a rule",
                    watch.source
                );
                stray.entry(watch.name.clone()).or_insert(reason);
            } else if let Some(target) = &watch.target
                && watch.scope.lacks_target(paths)
                && !notices.iter().any(|known: &Notice| known.place == *target)
            {
                let files = watch.scope.target.join(", ");
                notices
                    .push(held(target.clone(), format!("no such file in this repository: {files}; correct the path")));
            }
        }
        self.stray = stray;
        notices
    }

    /// Adds to each application the files that its kustomizations take.
    fn take_files(&mut self, kustomizations: &Kustomizations) {
        let mut known = HashMap::new();
        for watch in self.watches.values_mut().flatten() {
            let scope = &watch.scope;
            let taken = || scope.with_taken(kustomizations.taken(|path| scope.is_root(path)));
            let (_, whole) = known.entry(Arc::as_ptr(scope)).or_insert_with(|| (Arc::clone(scope), Arc::new(taken())));
            watch.scope = Arc::clone(whole);
        }
    }

    /// Returns why a watch applies nowhere, and what to do.
    fn cause<'a>(
        &self,
        watch: &Watch,
        paths: &[impl AsRef<str>],
        findings: impl Iterator<Item = &'a Finding>,
    ) -> (String, &'static str) {
        let (scope, name) = (&watch.scope, watch.name.familiar());
        let globs = scope.globs.join(", ");
        if globs.is_empty() {
            return ("the application names no files of this repository".to_owned(), "");
        }
        if !paths.iter().any(|path| scope.may_hold(path.as_ref())) {
            return (format!("the files of the application are not in this repository: {globs}"), "");
        }
        let Some(tag) = &watch.tag else {
            let fix = "; add it to one of them, or name the value that contains its tag with helm.image-tag";
            return (format!("no file of the application ({globs}) contains {name}"), fix);
        };
        let holders = if scope.values.is_empty() { &scope.parameters } else { &scope.values };
        let is_here = |one: &TagField| one.field == *tag && holders.iter().any(|glob| one.paths.glob().glob() == glob);
        let files = holders.join(", ");
        if !self.tags.iter().any(|one| is_here(one) && ImageName::new(&one.image).is_ok_and(|it| it == watch.name)) {
            let cause = format!("several applications name `{tag}` in {files} for different images");
            return (cause, "; correct one of them");
        }
        let in_scope = |place: &Place| scope.holds(&place.path, place.position.line);
        match findings.map(Finding::place).find(|place| place.field == *tag && in_scope(place)) {
            Some(place) => {
                let at = format!("{}:{}", place.path, place.position.line);
                (format!("the value of `{tag}` at {at} is not a tag of {name}"), "; correct the setting")
            }
            None => (format!("the key `{tag}` does not exist in {files}"), "; add it, or correct the setting"),
        }
    }
}

/// Returns the image of a finding, and its place.
fn image_at(finding: &Finding) -> Option<(&ImageName, &Place)> {
    match finding {
        Finding::Occurrence(found) => Some((found.reference.name(), &found.place)),
        Finding::Notice(_) => None,
    }
}

impl Watch {
    /// Returns the notice that the watch has no effect. Without a file and without a reference that can be meant, it is for
    /// another repository.
    fn without_effect(&self, paths: &[impl AsRef<str>], cause: &str, is_found: bool) -> Notice {
        let has_files = paths.iter().any(|path| self.scope.may_hold(path.as_ref()));
        let status = if has_files || is_found { held } else { ignored };
        status(self.place.clone(), cause.to_owned())
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
                collector.annotated(application, one.needs_signature.then_some(updater));
            } else {
                collector.object(application, updater, *at, one);
            }
        }
        // Without an object that selects the application, its annotations apply.
        if by_object.is_empty() {
            collector.annotated(application, None);
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

    /// Reads the annotations of an application; `verifier` is an updater that requires signatures.
    fn annotated(&mut self, application: &Application<'_>, verifier: Option<&Object>) {
        let pointer = |key: &str| format!("{}/annotations/{PREFIX}{key}", application.metadata);
        let key = settings::image_list(&application.annotations).unwrap_or("image-list");
        let list = pointer(key);
        let value = application.annotations.get(&format!("{PREFIX}{key}")).and_then(Value::as_str);
        let setting = place(application.object, &list, value.unwrap_or_default().to_owned());
        let mut watched = match settings::annotations(&application.annotations) {
            Ok(watched) => watched,
            Err(error) => return self.notices.push(held(setting, error.to_string())),
        };
        self.notices.extend(notices::annotation_notices(application, &watched));
        notices::hold_images_of_unknown_annotations(application, &mut watched);
        if let Some(verifier) = verifier {
            let cause = settings::unverifiable(&format!("{} requires signatures: ", verifier.source()));
            watched.iter_mut().for_each(|one| one.settings = Err(cause.clone()));
        }
        let target = settings::write_back(&application.annotations).target;
        let target = target.map(|target| {
            let place = place(application.object, &pointer("write-back-target"), target.clone());
            (target, place)
        });
        let place_of = |one: &Watched| {
            let key = one.settings.as_ref().err().and_then(|error| error.part.key()).unwrap_or_default();
            let alias = one.alias.as_deref().unwrap_or_default().replace('/', "_");
            let keys = [format!("{alias}.{key}"), key.to_owned()];
            let known = keys.iter().find(|key| application.annotations.contains_key(&format!("{PREFIX}{key}")));
            place(application.object, &known.map_or(list.clone(), |key| pointer(key)), one.image.clone())
        };
        let kind = &application.object.kind;
        self.watches(application, &watched, target, &format!("the {kind} {}", application.title), place_of);
    }

    fn object(&mut self, application: &Application<'_>, updater: &Object, at: usize, one: &ApplicationRef) {
        let place_of = |image: &Watched| {
            let number = one.images.iter().position(|known| std::ptr::eq(known, image)).unwrap_or_default();
            let pointer = format!("/spec/applicationRefs/{at}/images/{number}");
            place(updater, &pointer, image.image.clone())
        };
        let who = format!("the ImageUpdater {}", updater.name);
        let target = one.write_back.target.clone().map(|target| {
            let pointer = "writeBackConfig/gitConfig/writeBackTarget";
            let own = format!("/spec/applicationRefs/{at}/{pointer}");
            let is_own = updater.value.pointer(&own).is_some();
            let place = place(updater, &if is_own { own } else { format!("/spec/{pointer}") }, target.clone());
            (target, place)
        });
        self.watches(application, &one.images, target, &who, place_of);
    }

    fn watches(
        &mut self,
        application: &Application<'_>,
        watched: &[Watched],
        target: Option<(String, Place)>,
        who: &str,
        place_of: impl Fn(&Watched) -> Place,
    ) {
        let scope = application.scope(target.as_ref().map(|(target, _)| &**target));
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
                target: target.as_ref().map(|(_, place)| place.clone()),
                tag: one.target.tag().map(str::to_owned),
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
    let tag = match (one.target.tag(), &one.target) {
        (Some(tag), _) => tag,
        // The updater writes there by default.
        (None, Target::Default) if is_only_default => "image.tag",
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
