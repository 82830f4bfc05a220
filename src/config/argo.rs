//! Argo CD Image Updater's annotations and `ImageUpdater` objects as they stand in the manifests, bound to the files that
//! each application is made of. What they mean is told by [`policy::argo`].

use std::sync::Arc;

use serde_json::Value;

use super::application::Application;
use super::argo_notices;
use super::notice::Notice;
use super::objects::Object;
use super::scope::Scope;
use crate::image::{ImageName, Platform};
use crate::policy::argo::{self, ApplicationRef, PREFIX, Target, Watched};
use crate::policy::{self, Entry, Settings};

/// An image that an application has updated.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    /// `api/web`: the application and the alias of the image.
    pub(super) label: String,
    pub(super) name: ImageName,
    /// The policy, or why there is none.
    pub(super) read: Result<(Arc<Entry>, Settings), String>,
    pub(super) platforms: Vec<Platform>,
    pub(super) scope: Arc<Scope>,
    /// `the Application api at argo/api.yaml:9`
    pub(super) source: String,
    /// Where it is said; the reason is for who has one.
    pub(super) said: Notice,
}

/// A value that holds only a tag, and its image.
pub(super) struct NamedTag {
    pub(super) glob: String,
    pub(super) field: String,
    pub(super) image: String,
}

/// What all applications of a repository come to.
#[derive(Default)]
pub(super) struct Bound {
    pub(super) watches: Vec<Watch>,
    pub(super) notices: Vec<Notice>,
    pub(super) tags: Vec<NamedTag>,
}

/// Binds what the applications and updaters among the objects say.
pub(super) fn bind(objects: &[Object]) -> Bound {
    let mut bound = Bound::default();
    let applications: Vec<Application<'_>> = objects.iter().filter_map(Application::new).collect();
    let updaters = objects.iter().filter(|object| object.kind == "ImageUpdater");
    let updaters: Vec<_> = updaters.filter_map(|object| bound.updater(object)).collect();
    for (updater, refs) in &updaters {
        bound.notices.extend(argo_notices::unmatched(updater, refs, &applications));
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
        // Without an object for it, the annotations speak for themselves, as they did before there were objects.
        if by_object.is_empty() {
            bound.annotated(application);
        }
    }
    bound.tags = unambiguous(std::mem::take(&mut bound.tags));
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

impl Bound {
    fn updater<'o>(&mut self, object: &'o Object) -> Option<(&'o Object, Vec<ApplicationRef>)> {
        self.notices.extend(argo_notices::of_updater(object));
        match argo::object(&object.value["spec"]) {
            Ok(refs) => Some((object, refs)),
            Err(error) => {
                let said = Notice::at(object, "/spec", object.name.clone());
                self.notices.push(said.held(format!("the ImageUpdater can't be used: {error}")));
                None
            }
        }
    }

    fn annotated(&mut self, application: &Application<'_>) {
        let pointer = |key: &str| format!("{}/annotations/{PREFIX}{key}", application.metadata);
        let list = pointer("image-list");
        let value = application.annotations.get(&format!("{PREFIX}image-list")).and_then(Value::as_str);
        let said = Notice::at(application.object, &list, value.unwrap_or_default().to_owned());
        let watched = match argo::annotations(&application.annotations) {
            Ok(watched) => watched,
            Err(error) => return self.notices.push(said.held(error.to_string())),
        };
        self.notices.extend(argo_notices::of_annotations(application, &watched));
        let target = argo::write_back(&application.annotations).target;
        let place = |one: &Watched| {
            let key = one.settings.as_ref().err().and_then(|error| error.key.clone()).unwrap_or_default();
            let alias = one.alias.as_deref().unwrap_or_default().replace('/', "_");
            let keys = [format!("{alias}.{key}"), key];
            let known = keys.iter().find(|key| application.annotations.contains_key(&format!("{PREFIX}{key}")));
            Notice::at(application.object, &known.map_or(list.clone(), |key| pointer(key)), one.image.clone())
        };
        let kind = &application.object.kind;
        self.watches(application, &watched, target.as_deref(), &format!("the {kind} {}", application.title), place);
    }

    fn object(&mut self, application: &Application<'_>, updater: &Object, at: usize, one: &ApplicationRef) {
        let place = |image: &Watched| {
            let number = one.images.iter().position(|known| std::ptr::eq(known, image)).unwrap_or_default();
            let pointer = format!("/spec/applicationRefs/{at}/images/{number}");
            Notice::at(updater, &pointer, image.image.clone())
        };
        let who = format!("the ImageUpdater {}", updater.name);
        self.watches(application, &one.images, one.write_back.target.as_deref(), &who, place);
    }

    fn watches(
        &mut self,
        application: &Application<'_>,
        watched: &[Watched],
        target: Option<&str>,
        who: &str,
        place: impl Fn(&Watched) -> Notice,
    ) {
        let scope = application.scope(target);
        let only = watched.iter().filter(|one| one.target == Target::Default).count() == 1;
        for one in watched {
            let said = place(one);
            let name = match ImageName::new(&one.image) {
                Ok(name) => name,
                Err(_) if one.image.contains("{{") => {
                    self.notices
                        .push(said.held("a template fills in the image, so it can't be told which it is".to_owned()));
                    continue;
                }
                Err(error) => {
                    self.notices.push(said.held(format!("malformed image name: {error}")));
                    continue;
                }
            };
            let source = format!("{who} at {}:{}", said.path, said.position.line);
            let read = one.settings.clone().and_then(|settings| Ok((Arc::new(policy::build(&settings)?), settings)));
            let read = read.map_err(|error| {
                let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                format!("{source} can't be used: {error}{hint}")
            });
            self.tags.extend(named(application, one, &scope, only));
            self.watches.push(Watch {
                label: format!("{}/{}", application.title, one.alias.as_deref().unwrap_or(name.base())),
                name,
                read,
                platforms: one.platforms.clone(),
                scope: Arc::clone(&scope),
                source,
                said,
            });
        }
    }
}

/// Where values of a chart and parameters hold the tag alone: the annotations tell its image. `only` says that no other
/// image of the application has the default place.
fn named(application: &Application<'_>, one: &Watched, scope: &Scope, only: bool) -> Vec<NamedTag> {
    let tag = match &one.target {
        Target::Helm { tag: Some(tag), spec: None, .. } => tag.as_str(),
        // What the updater takes where nothing is said.
        Target::Default if only => "image.tag",
        _ => return Vec::new(),
    };
    let field = |glob: &String, field: String| NamedTag { glob: glob.clone(), field, image: one.image.clone() };
    let by_route = scope.values.iter().map(|glob| field(glob, tag.to_owned()));
    let by_name = scope.parameters.iter().map(|glob| field(glob, tag.to_owned()));
    let own = application.value_routes().into_iter().map(|route| field(&application.object.path, route + tag));
    by_route.chain(by_name).chain(own).collect()
}

/// Without those that two applications name differently: nobody can tell which it is.
fn unambiguous(tags: Vec<NamedTag>) -> Vec<NamedTag> {
    let doubtful = |one: &NamedTag| {
        tags.iter().any(|other| (&one.glob, &one.field) == (&other.glob, &other.field) && one.image != other.image)
    };
    let sure: Vec<bool> = tags.iter().map(|one| !doubtful(one)).collect();
    let mut sure = sure.into_iter();
    tags.into_iter().filter(|_| sure.next() == Some(true)).collect()
}
