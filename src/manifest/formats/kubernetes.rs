//! Kubernetes objects of any kind, custom resources included.

use crate::manifest::document::Document;
use crate::manifest::format::Format;
use crate::manifest::found::Found;
use crate::manifest::keys::walk;

/// See the head of this file.
pub(in crate::manifest) struct Kubernetes;

const NAME: &str = "kubernetes";

impl Format for Kubernetes {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Kubernetes objects of any kind: images of containers, of custom resources, in arguments and in the environment"
    }

    fn reads(&self, document: &Document<'_>) -> bool {
        document.is_object()
    }

    fn find(&self, document: &Document<'_>, found: &mut Found<'_>) {
        walk::walk(document, found, NAME);
    }
}
